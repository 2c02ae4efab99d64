import { defineConfig } from "vite";

export default defineConfig({
  base: "/static/",
  // Leaflet names its older bundle first; this one is smaller once packed.
  resolve: { alias: { leaflet: "leaflet/dist/leaflet-src.esm.js" } },
  // The strict content policy forbids inline code, so the preload helper and inlined assets are off.
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: true,
    target: ["chrome100", "firefox102", "safari15.4"],
    assetsInlineLimit: 0,
    modulePreload: false,
    cssCodeSplit: true,
    reportCompressedSize: true,
    rolldownOptions: {
      input: {
        map: "src/map.ts",
        page: "src/page.ts",
        deliveries: "src/upload/main.ts",
        styles: "src/styles/styles.css",
        mapStyles: "src/styles/map.css",
      },
    },
  },
});
