import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { reader, setLanguage } from "./lib/i18n/index.svelte";
import { setTheme, theme } from "./lib/theme.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("the page has no #app");
setTheme(theme.name);
try {
  await setLanguage(reader.language);
  mount(App, { target });
} catch {
  // Without its words there is no console: the only sentences that stand in no catalogue.
  const said = document.createElement("p");
  said.textContent = "控制台未能加载，请重新加载本页。The console could not be loaded; load this page again.";
  target.replaceChildren(said);
}
