import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// KOUAN_CONSOLE_OUT is set by scripts/build_console.py, which builds beside the served folder and then swaps it in.
export default defineConfig({
  plugins: [svelte()],
  base: "/",
  build: {
    outDir: process.env.KOUAN_CONSOLE_OUT ?? "../src/kouan/console_dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the page's policy is default-src 'self': no data: addresses
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": process.env.KOUAN_API ?? "http://127.0.0.1:8080" } },
});
