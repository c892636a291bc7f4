import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { compression, defineAlgorithm } from 'vite-plugin-compression2'
import { VitePWA } from 'vite-plugin-pwa'
import { defineConfig } from 'vitest/config'
import { appManifest } from './app-manifest.ts'

const FRAME =
  /node_modules\/(react|react-dom|scheduler|i18next|react-i18next|use-sync-external-store|@tanstack\/(react-router|router-core|history|store|react-store|react-query|query-core))\//

export default defineConfig({
  plugins: [
    react(),
    tailwindcss(),
    VitePWA({
      // A new version waits until the learner asks for it (lib/new-version.ts).
      registerType: 'prompt',
      injectRegister: false,
      manifest: appManifest,
      includeManifestIcons: false,
      workbox: {
        // The whole app, with the fonts of Latin script; other scripts are kept once they were needed.
        globPatterns: ['**/*.{js,css,html}', 'assets/*-latin-wght-normal-*.woff2', 'favicon.svg'],
        runtimeCaching: [
          {
            urlPattern: /\/assets\/[^/]+\.woff2$/,
            handler: 'CacheFirst',
            options: { cacheName: 'fonts', expiration: { maxEntries: 20 } },
          },
        ],
        // As the web server has it: what has an extension is a file, everything else a page of the app.
        navigateFallback: '/index.html',
        navigateFallbackDenylist: [/^\/assets\//, /\/[^/?]+\.[^/?]+$/],
        // The page of the first visit, too, finds its parts when the connection is lost.
        clientsClaim: true,
        cleanupOutdatedCaches: true,
        inlineWorkboxRuntime: true,
        sourcemap: false,
      },
    }),
    // Written beside each file, so that the server has only to choose.
    compression({
      include: /\.(js|css|html|svg)$/,
      algorithms: [defineAlgorithm('brotliCompress'), defineAlgorithm('gzip', { level: 9 })],
      threshold: 1024,
    }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { port: 3000, strictPort: true },
  build: {
    // The oldest browsers that know `light-dark()`, on which every colour token rests.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // A font inlined into the style sheet would be downloaded by those who never need its script.
    assetsInlineLimit: 0,
    // What every page needs, in one file: split by who imports what, it was thirty, and compressed worse.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'frame', test: FRAME }] } } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
