import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

type Theme = 'light' | 'dark'

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')
const tokens = new Map(
  [...css.matchAll(/--color-([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
)

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(front: string, back: string, theme: Theme): number {
  const of = (name: string) => luminance(tokens.get(name)?.[theme] ?? `missing token ${name}`)
  const [darker = 0, lighter = 0] = [of(front), of(back)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

const themes: Theme[] = ['light', 'dark']
const papers = ['paper', 'raised']
const pairs = (fronts: string[], backs: string[]) =>
  themes.flatMap((theme) =>
    fronts.flatMap((front) => backs.map((back) => [front, back, theme] as const)),
  )

describe('contrast', () => {
  it('is measured on every colour of both themes', () => {
    expect([...tokens.keys()].sort()).toEqual(
      [...css.matchAll(/--color-([\w-]+): light-dark/g)].map(([, name]) => name).sort(),
    )
    expect(tokens.size).toBeGreaterThanOrEqual(10)
  })

  it.each(pairs(['ink', 'ink-soft', 'tutor', 'learner', 'danger'], [...papers, 'sunken']))(
    'of %s as text on %s, %s, is at least 4.5',
    (front, back, theme) => expect(contrast(front, back, theme)).toBeGreaterThanOrEqual(4.5),
  )

  it.each(pairs(['paper'], ['ink', 'learner', 'danger']))(
    'of %s as text on a control of %s, %s, is at least 4.5',
    (front, back, theme) => expect(contrast(front, back, theme)).toBeGreaterThanOrEqual(4.5),
  )

  it.each(pairs(['edge', 'tutor', 'learner', 'danger'], papers))(
    'of %s as a shape on %s, %s, is at least 3',
    (front, back, theme) => expect(contrast(front, back, theme)).toBeGreaterThanOrEqual(3),
  )
})
