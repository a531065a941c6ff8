export type Theme = "day" | "night";

function stored(): Theme {
  const asked = new URLSearchParams(location.search).get("theme") ?? localStorage.getItem("kouan.theme");
  if (asked === "day" || asked === "night") return asked;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "day";
}

export const theme = $state<{ name: Theme }>({ name: stored() });

export function setTheme(name: Theme): void {
  theme.name = name;
  localStorage.setItem("kouan.theme", name);
  document.documentElement.dataset.theme = name;
}
