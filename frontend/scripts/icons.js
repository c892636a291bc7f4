// Draws the icons that systems want as PNG from our SVGs: `npm run icons`, after a change in icons/.
import { readFileSync, writeFileSync } from 'node:fs'
import { chromium } from '@playwright/test'

const here = (path) => new URL(`../${path}`, import.meta.url)

const ICONS = [
  { drawing: 'rounded', size: 192, file: 'any-192' },
  { drawing: 'rounded', size: 512, file: 'any-512' },
  { drawing: 'full', size: 192, file: 'maskable-192' },
  { drawing: 'full', size: 512, file: 'maskable-512' },
  { drawing: 'monochrome', size: 512, file: 'monochrome-512' },
  { drawing: 'full', size: 180, file: 'apple-touch-180' },
]

const browser = await chromium.launch({
  executablePath: process.env.AVAAZ_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
const page = await browser.newPage()
await page.setContent('<canvas></canvas>')
for (const { drawing, size, file } of ICONS) {
  const svg = readFileSync(here(`icons/${drawing}.svg`), 'utf8')
  const png = await page.evaluate(draw, { svg, size })
  writeFileSync(here(`public/icons/${file}.png`), Buffer.from(png, 'base64'))
}
await browser.close()

/** In the page: the drawing as a PNG of that size, in base64. */
async function draw({ svg, size }) {
  const image = new Image(size, size)
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = document.querySelector('canvas')
  canvas.width = size
  canvas.height = size
  canvas.getContext('2d').drawImage(image, 0, 0, size, size)
  return canvas.toDataURL('image/png').split(',')[1]
}
