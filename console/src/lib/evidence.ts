// What a procedure found, in one line for a person: the value first, what supports it after.
import { span, whole } from "./format";
import { t, word, wordIfKnown, causeText } from "./i18n/index.svelte";
import type { Evidence, ProcedureName } from "./types";

export interface Shown {
  value: string;
  detail: string;
}

type Fields = Record<string, unknown>;
const text = (value: unknown): string => (value === null || value === undefined || value === "" ? "–" : String(value));
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const join = (...parts: (string | null | false | undefined)[]): string => parts.filter(Boolean).join(" · ");
const score = (pm: unknown): string => (typeof pm === "number" ? (pm / 1000).toFixed(2) : "–");
const yes = (value: unknown, family: string): string => word(family, value === null || value === undefined ? "unknown" : value ? "yes" : "no");

/** Whether a vehicle carries goods: empty ones are announced with the cargo ``none``. */
export const hasCargo = (cargo: unknown): cargo is string => typeof cargo === "string" && cargo !== "" && cargo !== "none";

function positioning(e: Fields): Shown {
  return {
    value: t("evidence.axles", { n: text(e.axles) }),
    detail: join(
      typeof e.length_mm === "number" && `${(e.length_mm / 1000).toFixed(1)} m`,
      yes(e.alone, "evidence_alone"),
      t("evidence.track", { n: text(e.track) }),
    ),
  };
}

function plates(e: Fields): Shown {
  return {
    value: text(e.tractor),
    detail: join(e.trailer ? t("evidence.trailer", { plate: String(e.trailer) }) : null, e.parsed === false && t("evidence.unparsed")),
  };
}

function container(e: Fields): Shown {
  const numbers = list(e.numbers);
  return {
    value: numbers.length ? numbers.join(", ") : t("evidence.no_container"),
    detail: join(
      list(e.size_types).join(", "),
      numbers.length > 0 && yes(e.valid, "evidence_check_digit"),
      list(e.damage).length > 0 && t("evidence.damage", { codes: list(e.damage).join(", ") }),
    ),
  };
}

function seal(e: Fields): Shown {
  const condition = word("seal", text(e.condition));
  return e.number ? { value: String(e.number), detail: condition } : { value: condition, detail: "" };
}

function weight(e: Fields): Shown {
  return {
    value: typeof e.mass_kg === "number" ? `${whole(e.mass_kg)} kg` : "–",
    detail: t("evidence.stable_frames", { n: text(e.stable_frames) }),
  };
}

function radiation(e: Fields): Shown {
  const alarms = [e.gamma_alarm ? "γ" : "", e.neutron_alarm ? "n" : ""].filter(Boolean);
  return {
    value: alarms.length ? t("evidence.radiation_alarm", { kinds: alarms.join(" + ") }) : t("evidence.radiation_quiet"),
    detail: join(
      t("evidence.gamma", { peak: text(e.gamma_peak_cps), background: text(e.gamma_background_cps) }),
      e.fault ? causeText(String(e.fault)) : null,
    ),
  };
}

function driver(e: Fields): Shown {
  const document = e.document_expired ? "expired" : e.document_valid ? "valid" : "invalid";
  return {
    value: join(text(e.nationality), word("document", document)),
    detail: join(
      t("evidence.face", { score: score(e.face_score_pm) }),
      t("evidence.liveness", { score: score(e.liveness_pm) }),
      typeof e.fingerprint_score_pm === "number" && t("evidence.fingerprint", { score: score(e.fingerprint_score_pm) }),
      t("evidence.occupants", { found: text(e.occupants), announced: text(e.announced_crew) }),
      e.expected === false && t("evidence.driver_not_announced"),
    ),
  };
}

function health(e: Fields): Shown {
  return {
    value: typeof e.temperature_dc === "number" ? `${(e.temperature_dc / 10).toFixed(1)} °C` : "–",
    detail: join(yes(e.declared, "evidence_declared"), yes(e.symptoms, "evidence_symptoms"), yes(e.disinfected, "evidence_disinfected")),
  };
}

const NEVER_HEARD_US = 2 ** 53 - 1;
/** How old the hub's word was, in words. */
export const hubAge = (us: number): string => (us >= NEVER_HEARD_US ? t("evidence.hub_never") : t("evidence.hub_age", { age: span(us) }));

function papers(e: Fields): Shown {
  const consignments = Array.isArray(e.consignments) ? (e.consignments as Fields[]) : [];
  const declared = consignments.reduce((sum, c) => sum + Number(c.declared_gross_kg ?? 0), 0);
  return {
    value: e.confirmation ? String(e.confirmation) : t("evidence.no_confirmation"),
    detail: join(
      wordIfKnown("load", text(e.load)),
      hasCargo(e.cargo) && wordIfKnown("cargo", String(e.cargo)),
      consignments.length > 0 && t("evidence.consignments", { n: consignments.length, kg: whole(declared) }),
      list(e.seals).length > 0 && t("evidence.declared_seals", { seals: list(e.seals).join(", ") }),
      list(e.holds).length > 0 && t("evidence.holds", { holds: list(e.holds).join(", ") }),
      e.green_channel === true && t("evidence.green_channel"),
      e.pre_authorised === true && t("evidence.pre_authorised"),
      e.pre_authorised === true && e.low_risk === true && t("evidence.low_risk"),
      typeof e.permit === "string" && e.permit,
      typeof e.hub_age_us === "number" && hubAge(e.hub_age_us),
      e.late === true && t("evidence.late_papers"),
    ),
  };
}

const SHOWN: Partial<Record<ProcedureName, (e: Fields) => Shown>> = {
  positioning,
  plates,
  container,
  seal,
  weight,
  radiation,
  driver,
  health,
  papers,
};

/** Describe the evidence of one procedure; null where there is none yet. */
export function show(procedure: ProcedureName, evidence: Evidence | null): Shown | null {
  if (evidence === null) return null;
  if (typeof evidence.cause === "string") return { value: causeText(evidence.cause), detail: "" };
  return SHOWN[procedure]?.(evidence) ?? null;
}

export interface Compared {
  procedure: ProcedureName;
  field: string;
  declared: string;
  found: string;
  differs: boolean;
}

const same = (a: string, b: string): boolean => a.replace(/\s+/g, "").toUpperCase() === b.replace(/\s+/g, "").toUpperCase();

/** Set what was declared beside what was found, for each thing that the papers speak of. */
export function compare(procedures: { name: ProcedureName; evidence: Evidence | null; finding: boolean }[]): Compared[] {
  const of = (name: ProcedureName): Fields | null => {
    const evidence = procedures.find((p) => p.name === name)?.evidence ?? null;
    return evidence && typeof evidence.cause !== "string" ? evidence : null;
  };
  const finding = (name: ProcedureName): boolean => procedures.find((p) => p.name === name)?.finding ?? false;
  const declared = of("papers") ?? {};
  const rows: Compared[] = [];
  const add = (procedure: ProcedureName, field: string, said: string, found: string, differs: boolean): void => {
    rows.push({ procedure, field, declared: said, found, differs });
  };
  const strings = (procedure: ProcedureName, field: string, said: unknown, found: unknown): void => {
    const [a, b] = [Array.isArray(said) ? said.join(", ") : text(said), Array.isArray(found) ? found.join(", ") : text(found)];
    if (a === "–" && b === "–") return;
    add(procedure, field, a || "–", b || "–", a !== "" && a !== "–" && !same(a, b));
  };
  strings("plates", "tractor", declared.plate, of("plates")?.tractor);
  strings("plates", "trailer", declared.trailer, of("plates")?.trailer);
  strings("container", "containers", declared.containers, of("container")?.numbers);
  const sealRead = of("seal");
  const sealText = sealRead ? join(sealRead.number ? String(sealRead.number) : null, word("seal", text(sealRead.condition))) : "–";
  if (list(declared.seals).length || sealRead) {
    add("seal", "seal", list(declared.seals).join(", ") || "–", sealText, finding("seal"));
  }
  const consignments = Array.isArray(declared.consignments) ? (declared.consignments as Fields[]) : [];
  const gross = consignments.reduce((sum, c) => sum + Number(c.declared_gross_kg ?? 0), 0) + Number(declared.tare_kg ?? 0);
  const mass = of("weight")?.mass_kg;
  if (gross > 0 || typeof mass === "number") {
    add("weight", "weight", gross > 0 ? `${whole(gross)} kg` : "–", typeof mass === "number" ? `${whole(mass)} kg` : "–", finding("weight"));
  }
  const person = of("driver");
  if (person) {
    add("driver", "crew", text(person.announced_crew), text(person.occupants), finding("driver"));
    if (person.expected !== null && person.expected !== undefined) {
      add("driver", "document", t("evidence.announced"), word("evidence_expected", person.expected ? "yes" : "no"), person.expected === false);
    }
  }
  return rows;
}
