// Every view has an address of its own, so that it can be shared; the server answers each with the same page.

export interface Route {
  page: "sign-in" | "overview" | "lanes" | "lane" | "passages" | "passage" | "reviews" | "ledger" | "papers" | "holds" | "rules" | "examinations" | "examination" | "declarations" | "targeting" | "yard" | "vehicles" | "reads" | "study" | "roster" | "region" | "region-port" | "orders" | "unknown";
  id: string | null;
  search: URLSearchParams;
}

function parse(path: string, search: string): Route {
  const [head = "", tail] = path.replace(/^\/+|\/+$/g, "").split("/");
  const id = tail === undefined || tail === "" ? null : decodeURIComponent(tail);
  const route = (page: Route["page"]): Route => ({ page, id, search: new URLSearchParams(search) });
  switch (head) {
    case "":
      return route("overview");
    case "sign-in":
      return route("sign-in");
    case "lanes":
      return route(id === null ? "lanes" : "lane");
    case "passages":
      return route(id === null ? "passages" : "passage");
    case "reviews":
      return route("reviews");
    case "ledger":
      return route("ledger");
    case "papers":
      return route("papers");
    case "rules":
      return route("rules");
    case "declarations":
      return route("declarations");
    case "targeting":
      return route("targeting");
    case "yard":
      return route("yard");
    case "reads":
      return route("reads");
    case "study":
      return route("study");
    case "roster":
      return route("roster");
    case "vehicles":
      return route("vehicles");
    case "examinations":
      return route(id === null ? "examinations" : "examination");
    case "holds":
      return route("holds");
    case "orders":
      return route("orders");
    case "region":
      return route(id === null ? "region" : "region-port");
    default:
      return route("unknown");
  }
}

export const router = $state<{ route: Route }>({ route: parse(location.pathname, location.search) });

export function go(address: string, replace = false): void {
  if (address !== location.pathname + location.search) {
    history[replace ? "replaceState" : "pushState"](null, "", address);
  }
  router.route = parse(location.pathname, location.search);
}

window.addEventListener("popstate", () => {
  router.route = parse(location.pathname, location.search);
});

/** Follow links of this site without loading the page anew. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = (event.target as Element | null)?.closest?.("a[href]") as HTMLAnchorElement | null;
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.pathname.startsWith("/api/")) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
