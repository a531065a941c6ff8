// Strings of the interface come from the catalogues beside this file, reasons of decisions from /api/v1/messages/{lang}.
import type { Language, Params, Reason, Text } from "../types";
import type en from "./en.json";

export type Key = keyof typeof en;
type Catalogue = Record<Key, string>;
/** A language is offered once its catalogue is complete; Монгол and Русский join this record as they become so. */
const FILES: Record<Language, () => Promise<{ default: Catalogue }>> = {
  zh: () => import("./zh.json"),
  en: () => import("./en.json"),
};
export const LANGUAGES: { code: Language; name: string }[] = [
  { code: "zh", name: "中文" },
  { code: "en", name: "EN" },
];

function stored(): Language {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("kouan.language");
  if (asked === "zh" || asked === "en") return asked;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const reader = $state<{ language: Language }>({ language: stored() });
/** The catalogues that have been fetched; the reader's own is there before anything is shown. */
const catalogues: Partial<Record<Language, Catalogue>> = {};
const messages = (): Partial<Catalogue> => catalogues[reader.language] ?? {};
const reasons = $state<Record<Language, Record<string, string> | null>>({ zh: null, en: null });
/** Message ids that were asked for and not found; the browser tests fail on any. */
const missing = new Set<string>();
declare global {
  interface Window {
    kouanMissingMessages: () => string[];
  }
}
window.kouanMissingMessages = () => [...missing].sort();

/** Fetch a language and speak it from then on; one that cannot be fetched leaves all as it was, and rejects. */
export async function setLanguage(language: Language): Promise<void> {
  catalogues[language] ??= (await FILES[language]()).default;
  reader.language = language;
  localStorage.setItem("kouan.language", language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : language;
}

function fill(template: string, params: Params): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));
}

/** Return a string of the interface in the reader's language. */
export function t(key: Key, params: Params = {}): string {
  const template = messages()[key];
  if (template === undefined) {
    missing.add(key);
    return key;
  }
  return fill(template, params);
}

/** Return the message `family.name` where the second half comes from data; the bare name where there is none. */
export function word(family: string, name: string | null | undefined): string {
  if (name === null || name === undefined || name === "") return "–";
  const key = `${family}.${name}`;
  if (key in messages()) return t(key as Key);
  missing.add(key);
  return name;
}

/** Return the message if there is one, else the name as it stands: for names that devices and ports may add. */
export function wordIfKnown(family: string, name: string): string {
  return `${family}.${name}` in messages() ? t(`${family}.${name}` as Key) : name;
}

/** Return why a device or procedure failed, where ``fault:CODE`` names the device's own code. */
export function causeText(cause: string): string {
  const [kind = "", code] = cause.split(":", 2);
  return kind === "fault" ? t("cause.fault", { code: code ?? "" }) : wordIfKnown("cause", kind);
}

/** Return who or what a reading came from: a device (``I3.plc``), the platform, or a named person. */
export function sourceText(source: string): string {
  if (source.startsWith("person:")) return t("source.person", { name: source.slice(7) });
  return wordIfKnown("device", source.slice(source.lastIndexOf(".") + 1));
}

/** Return a reason in the reader's language; its code where the platform's catalogue has no such message. */
export function reasonText(reason: Reason): string {
  const catalogue = reasons[reader.language];
  if (catalogue === null) return reason.code;
  const template = catalogue[reason.code];
  if (template === undefined) {
    missing.add(`reason:${reason.code}`);
    return reason.code;
  }
  return fill(template, reason.params ?? {});
}

/** Return what a rule that was broken asks for; null where the platform's own mend says it exactly, which is in English and knows the values. */
export function ruleText(rule: string): string | null {
  const text = reader.language === "en" ? null : (reasons[reader.language]?.[rule] ?? null);
  return text?.includes("{") ? null : text;
}

export function local(text: Text | undefined | null): string {
  return text ? text[reader.language] : "";
}

export async function loadReasons(language: Language): Promise<void> {
  if (reasons[language] !== null) return;
  const answer = await fetch(`/api/v1/messages/${language}`);
  if (answer.ok) reasons[language] = (await answer.json()) as Record<string, string>;
}
