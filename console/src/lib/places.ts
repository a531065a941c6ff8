// Where the reader may go: the row of places in the header, and the pages that are fetched before they are asked for.
import type { Key } from "./i18n/index.svelte";
import type { Route } from "./router.svelte";
import { atHub, may, watches } from "./session.svelte";

export interface Place {
  href: string;
  /** The pages that belong to the place: where one is shown, the reader is here. */
  pages: Route["page"][];
  text: Key;
}

const LEDGER: Place = { href: "/ledger", pages: ["ledger"], text: "nav.ledger" };

function hubPlaces(): Place[] {
  return [
    { href: "/", pages: ["overview", "region", "region-port"], text: "nav.region" },
    { href: "/orders", pages: ["orders"], text: "nav.orders" },
    ...(may("read_ledger") ? [LEDGER] : []),
  ];
}

const GATE: Place[] = [
  { href: "/", pages: ["overview"], text: "nav.overview" },
  { href: "/lanes", pages: ["lanes", "lane"], text: "nav.lanes" },
  { href: "/reviews", pages: ["reviews"], text: "nav.reviews" },
  { href: "/passages", pages: ["passages", "passage"], text: "nav.passages" },
];

function portPlaces(): Place[] {
  const seesPort = may("watch");
  const all: [boolean, Place][] = [
    ...GATE.map((place): [boolean, Place] => [seesPort, place]),
    [may("follow"), { href: "/vehicles", pages: seesPort ? ["vehicles"] : ["vehicles", "overview"], text: "nav.vehicles" }],
    [may("examine"), { href: "/examinations", pages: ["examinations", "examination"], text: "nav.examinations" }],
    [watches("lot"), { href: "/declarations", pages: ["declarations"], text: "nav.declarations" }],
    [watches("yard"), { href: "/yard", pages: ["yard"], text: "nav.yard" }],
    [watches("targeting"), { href: "/targeting", pages: ["targeting"], text: "nav.targeting" }],
    [seesPort, { href: "/holds", pages: ["holds"], text: "nav.holds" }],
    [may("write_rules"), { href: "/rules", pages: ["rules"], text: "nav.rules" }],
    [may("read_papers"), { href: "/papers", pages: ["papers"], text: "nav.papers" }],
    [may("plan_duty"), { href: "/roster", pages: ["roster"], text: "nav.roster" }],
    [may("study"), { href: "/study", pages: seesPort || may("review_reads") ? ["study"] : ["study", "overview"], text: "nav.study" }],
    [may("review_reads"), { href: "/reads", pages: seesPort ? ["reads"] : ["reads", "overview"], text: "nav.reads" }],
    [may("read_ledger"), LEDGER],
  ];
  return all.filter(([allowed]) => allowed).map(([, place]) => place);
}

/** The places of whoever is signed in, in the order in which they stand. */
export function places(): Place[] {
  return atHub() ? hubPlaces() : portPlaces();
}
