import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const SMALLEST_PHONE = { width: 320, height: 640 }
const PHONE = { width: 390, height: 844 }

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
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const axe = new AxeBuilder({ page })
      // Base UI's guards catch the focus at the edge of a menu and pass it on; nobody rests on them.
      .exclude('[data-base-ui-focus-guard]')
    // The other theme changes nothing but colours.
    if (colorScheme === 'dark') axe.withRules('color-contrast')
    else axe.disableRules(overlay ? ['region'] : [])
    const { violations } = await axe.analyze()
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`,
    )
    expect.soft(found, `${name}, ${colorScheme}`).toEqual([])
  }
  await page.setViewportSize(SMALLEST_PHONE)
  await expectNothingPast(page, SMALLEST_PHONE.width, name)
  await page.setViewportSize(PHONE)
  await page.evaluate(rememberClipped)
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'))
  await expectNothingPast(page, PHONE.width, `${name}, text twice as large,`)
  expect.soft(await page.evaluate(newlyClipped), `${name} cuts off large text`).toEqual([])
  await page.evaluate(() => document.documentElement.style.removeProperty('font-size'))
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
  if (before !== null) await page.setViewportSize(before)
}

async function expectNothingPast(page: Page, edge: number, name: string): Promise<void> {
  await expect
    .poll(() => page.evaluate(past, edge), {
      message: `${name} reaches past the edge`,
      timeout: 2_000,
    })
    .toEqual([])
}

/** What reaches further to the right than that, scrolled into sight or not. */
function past(edge: number): string[] {
  return [...document.querySelectorAll<HTMLElement>('body *')]
    .filter((element) => element.closest('svg, .sr-only, [data-base-ui-focus-guard]') === null)
    .filter((element) => Math.floor(element.getBoundingClientRect().right) > edge)
    .map((element) => element.outerHTML.slice(0, 120))
}

function rememberClipped(): void {
  const clipped = (element: HTMLElement) =>
    element.scrollWidth > element.clientWidth + 1 &&
    ['hidden', 'clip'].includes(getComputedStyle(element).overflowX) &&
    // A field scrolls what is written in it.
    !(element instanceof HTMLInputElement) &&
    element.closest('.sr-only') === null
  const all = () => [...document.querySelectorAll<HTMLElement>('body *')].filter(clipped)
  const before = new Set(all())
  Object.assign(window, {
    clippedSince: () => all().filter((element) => !before.has(element)),
  })
}

function newlyClipped(): string[] {
  const { clippedSince } = window as unknown as { clippedSince: () => HTMLElement[] }
  return clippedSince().map((element) => element.outerHTML.slice(0, 120))
}
