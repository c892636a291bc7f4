// Builds the site of www. into dist-www: its pages as they are, the app's own fonts and icon, and where its links lead.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const links = {
  '%APP_URL%': process.env.AVAAZ_WWW_APP_URL ?? '/app/',
  '%SOURCE_URL%': process.env.AVAAZ_WWW_SOURCE_URL ?? '/source/',
}

rmSync(here('dist-www'), { recursive: true, force: true })
cpSync(here('www'), here('dist-www'), { recursive: true, filter: (path) => !path.endsWith('.md') })
cpSync(here('public/favicon.svg'), here('dist-www/favicon.svg'))
for (const font of ['inter', 'source-serif-4']) {
  const file = `node_modules/@fontsource-variable/${font}/files/${font}-latin-wght-normal.woff2`
  cpSync(here(file), here(`dist-www/fonts/${font}.woff2`))
}
for (const page of ['index.html', 'fr/index.html']) {
  const file = here(`dist-www/${page}`)
  const text = readFileSync(file, 'utf8').replace(/%[A-Z_]+%/g, (place) => links[place])
  writeFileSync(file, text)
}
