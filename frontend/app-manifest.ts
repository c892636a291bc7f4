import type { ManifestOptions } from 'vite-plugin-pwa'

const icon = (name: string, size: number, purpose: 'any' | 'maskable' | 'monochrome') => ({
  src: `/icons/${name}-${size}.png`,
  sizes: `${size}x${size}`,
  type: 'image/png',
  purpose,
})

/**
 * What a system is told about the app that it installs. It knows one colour: that of the light theme's paper; once
 * the page is there its own `theme-color` counts, in both themes.
 */
export const appManifest: Partial<ManifestOptions> = {
  id: '/',
  name: 'Avaaz, a tutor that talks with you',
  short_name: 'Avaaz',
  description: 'A patient tutor that talks with you and remembers.',
  lang: 'en',
  dir: 'ltr',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  categories: ['education'],
  background_color: '#FAF7F2',
  theme_color: '#FAF7F2',
  icons: [
    { src: '/favicon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
    icon('any', 192, 'any'),
    icon('any', 512, 'any'),
    icon('maskable', 192, 'maskable'),
    icon('maskable', 512, 'maskable'),
    icon('monochrome', 512, 'monochrome'),
  ],
  shortcuts: [
    { name: 'Talk', url: '/', icons: [icon('any', 192, 'any')] },
    { name: 'History', url: '/history', icons: [icon('any', 192, 'any')] },
  ],
}
