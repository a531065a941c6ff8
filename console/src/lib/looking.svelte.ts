// What pictures are looked at for: said once, and kept until it is taken back or the page is loaded anew.
export const PURPOSES = ["control", "examination", "complaint", "audit"] as const;

export const looking = $state<{ purpose: (typeof PURPOSES)[number] | null }>({ purpose: null });
