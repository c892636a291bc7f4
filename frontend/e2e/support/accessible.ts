import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, type Page } from '@playwright/test'
import type * as Axe from 'axe-core'

const SMALLEST_PHONE = { width: 320, height: 640 }
const PHONE = { width: 390, height: 844 }
/** How long a page may take to settle into another size. */
const SETTLED_WITHIN_MS = 2_000

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
// Base UI's guards catch the focus at the edge of a menu and pass it on; nobody rests on them.
const UNSEEN = '[data-base-ui-focus-guard]'

declare global {
  interface Window {
    axe?: typeof Axe
    settled: () => Promise<void>
  }
}

interface Options {
  /** A dialog or a menu lies over the page: that is part of none of its landmarks. */
  overlay?: boolean
}

/**
 * What every page and every state of it keeps to: no violation by axe in either theme, nothing that
 * reaches past the edge of the smallest phone, and nothing lost where the text is twice as large.
 */
export async function expectAccessible(
  page: Page,
  name: string,
  { overlay = false }: Options = {},
): Promise<void> {
  const before = page.viewportSize()
  // In a page that stays, it is there from the look before.
  if (!(await page.evaluate(() => 'axe' in window))) {
    await page.evaluate(AXE)
    await page.evaluate(giveSettled)
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // The other theme changes nothing but colours.
    const rules: Axe.RunOptions =
      colorScheme === 'dark'
        ? { runOnly: { type: 'rule', values: ['color-contrast'] } }
        : { rules: { region: { enabled: !overlay } } }
    const found = await page.evaluate(violations, { rules, unseen: UNSEEN })
    expect.soft(found, `${name}, ${colorScheme}`).toEqual([])
  }

  await page.setViewportSize(SMALLEST_PHONE)
  const small = { edge: SMALLEST_PHONE.width, unseen: UNSEEN, patienceMs: SETTLED_WITHIN_MS }
  const { past } = await page.evaluate(lookAtEdges, { ...small, isTextTwiceAsLarge: false })
  expect(past, `${name} reaches past the edge`).toEqual([])

  await page.setViewportSize(PHONE)
  const large = await page.evaluate(lookAtEdges, {
    ...small,
    edge: PHONE.width,
    isTextTwiceAsLarge: true,
  })
  expect(large.past, `${name}, text twice as large, reaches past the edge`).toEqual([])
  expect.soft(large.clipped, `${name} cuts off large text`).toEqual([])
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
  if (before !== null) await page.setViewportSize(before)
}

/** Runs in the page: lets it tell when it has taken on another size or theme, with nothing on its way there. */
function giveSettled(): void {
  window.settled = async () => {
    const under = () => document.getAnimations().filter((one) => one instanceof CSSTransition)
    do {
      await new Promise(requestAnimationFrame)
      for (const change of under()) change.finish()
    } while (under().length > 0)
  }
}

/** Runs in the page: what axe finds wrong, each with where. */
async function violations({
  rules,
  unseen,
}: {
  rules: Axe.RunOptions
  unseen: string
}): Promise<string[]> {
  if (window.axe === undefined) throw new Error('axe is not in this page')
  await window.settled()
  const found = await window.axe.run({ exclude: unseen }, { ...rules, resultTypes: ['violations'] })
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`)
}

interface Edges {
  /** What reaches further to the right than the page, scrolled into sight or not. */
  past: string[]
  /** What cuts off its own words, and did not with smaller text. */
  clipped: string[]
}

/** Runs in the page, and waits for it to settle. */
async function lookAtEdges({
  edge,
  unseen,
  patienceMs,
  isTextTwiceAsLarge,
}: {
  edge: number
  unseen: string
  patienceMs: number
  isTextTwiceAsLarge: boolean
}): Promise<Edges> {
  const all = () => [...document.querySelectorAll<HTMLElement>('body *')]
  const past = () =>
    all()
      .filter((element) => Math.floor(element.getBoundingClientRect().right) > edge)
      .filter((element) => element.closest(`svg, .sr-only, ${unseen}`) === null)
  const clipped = () =>
    all().filter(
      (element) =>
        element.scrollWidth > element.clientWidth + 1 &&
        ['hidden', 'clip'].includes(getComputedStyle(element).overflowX) &&
        // A field scrolls what is written in it.
        !(element instanceof HTMLInputElement) &&
        element.closest('.sr-only') === null,
    )
  const root = document.documentElement
  await window.settled()
  const clippedBefore = new Set(isTextTwiceAsLarge ? clipped() : [])
  if (isTextTwiceAsLarge) root.style.fontSize = '200%'
  try {
    const until = performance.now() + patienceMs
    do await window.settled()
    while (past().length > 0 && performance.now() < until)
    const opening = (element: Element) => element.outerHTML.slice(0, 120)
    const newlyClipped = clipped().filter((element) => !clippedBefore.has(element))
    return {
      past: past().map(opening),
      clipped: isTextTwiceAsLarge ? newlyClipped.map(opening) : [],
    }
  } finally {
    if (isTextTwiceAsLarge) root.style.removeProperty('font-size')
  }
}
