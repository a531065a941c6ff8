import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { reader, setLanguage } from "./lib/i18n/index.svelte";
import { setTheme, theme } from "./lib/theme.svelte";

setTheme(theme.name);
setLanguage(reader.language);

const target = document.getElementById("app");
if (target === null) throw new Error("the page has no #app");
export default mount(App, { target });
