import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { Learner } from './support/learner'
import { injectMicrophone } from './support/microphone'
import { GREETING } from './support/script'
import { expect, test } from './support/test'

const WIDTH_OF_THE_SMALLEST_PHONE = 320

/** Both themes, by axe, and without sideways scrolling on the smallest phone. */
async function expectAccessible(page: Page, name: string, { overlay = false } = {}): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const axe = new AxeBuilder({ page })
      // Base UI's guards catch the focus at the edge of a menu and pass it on; nobody rests on them.
      .exclude('[data-base-ui-focus-guard]')
    // The other theme changes nothing but colours.
    if (colorScheme === 'dark') axe.withRules('color-contrast')
    // What lies over the page is part of none of its landmarks.
    else axe.disableRules(overlay ? ['region'] : [])
    const { violations } = await axe.analyze()
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`,
    )
    expect(found, `${name}, ${colorScheme}`).toEqual([])
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
  const before = page.viewportSize()
  await page.setViewportSize({ width: WIDTH_OF_THE_SMALLEST_PHONE, height: 640 })
  await expect
    .poll(() => page.evaluate(widest), {
      message: `${name} reaches past the edge`,
      timeout: 2_000,
    })
    .toBeLessThanOrEqual(WIDTH_OF_THE_SMALLEST_PHONE)
  if (before !== null) await page.setViewportSize(before)
}

test('every page is accessible in both themes and fits the smallest phone', async ({
  page,
  stack,
}) => {
  test.setTimeout(150_000)
  await page.goto(stack.webUrl)
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await expectAccessible(page, 'sign in')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expectAccessible(page, 'sign in with errors')

  const ada = await Learner.arrive(page, stack)
  await page.getByRole('link', { name: 'Create your account' }).click()
  await expect(page.getByLabel('Your name')).toBeVisible()
  await expectAccessible(page, 'register')
  await page.goto(stack.webUrl)
  await ada.register()
  await expectAccessible(page, 'door')
  await page.getByRole('button', { name: 'Your account' }).click()
  await expect(page.getByRole('menu')).toBeVisible()
  await expectAccessible(page, 'account menu', { overlay: true })
  await page.keyboard.press('Escape')

  await ada.startTalking()
  await ada.expectStatus('listening', 30_000)
  await expectAccessible(page, 'talk')
  await page.getByRole('button', { name: 'Type' }).click()
  await expectAccessible(page, 'talk, typing')
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await ada.expectStatus('ended')
  await expectAccessible(page, 'ended')
  await page.getByRole('link', { name: 'See the conversation' }).click()
  await expect(ada.lines().first()).toContainText(GREETING)
  await expectAccessible(page, 'conversation')
  await page.getByRole('link', { name: 'History' }).first().click()
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible()
  await expectAccessible(page, 'history')
})

test('the whole way from the sign-in to the end of a talk needs no mouse', async ({
  page,
  stack,
}) => {
  // Chromium's own microphone beeps without end, which our ear may take for somebody who cuts in: this one is silent.
  await page.addInitScript(injectMicrophone)
  await page.goto(stack.webUrl)
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await pressOn(page, 'button', 'Try it as the demo learner')
  await expect(page.getByRole('button', { name: 'Talk', exact: true })).toBeVisible()
  await pressOn(page, 'button', 'Talk')
  const status = page.locator('[data-talk]')
  await expect(status).toHaveAttribute('data-talk', 'listening', { timeout: 30_000 })

  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await page.keyboard.press('Space')
  await expect(status).toHaveAttribute('data-talk', 'muted')
  await page.keyboard.press('Space')
  await expect(status).toHaveAttribute('data-talk', 'listening')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()

  await page.keyboard.press('t')
  await expect(page.getByRole('textbox')).toBeFocused()
  await page.keyboard.type('What is the weather like?')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('textbox')).toBeHidden()
  await expect(page.getByRole('log')).toContainText('It rains in the north')
  await pressOn(page, 'button', 'End')
  await expect(status).toHaveAttribute('data-talk', 'ended')
})

/** Goes there with the Tab key, as somebody without a mouse would, and presses Enter. */
async function pressOn(page: Page, role: 'button' | 'link', name: string): Promise<void> {
  const goal = page.getByRole(role, { name, exact: true })
  for (let step = 0; step < 40; step += 1) {
    if (await goal.evaluate((element) => element === document.activeElement)) {
      await page.keyboard.press('Enter')
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`${name} is not in the order of the Tab key`)
}

/** How far to the right anything on the page reaches, scrolled into sight or not. */
function widest(): number {
  const shown = [...document.querySelectorAll<HTMLElement>('body *')].filter(
    (element) => element.closest('svg, .sr-only, [data-base-ui-focus-guard]') === null,
  )
  return Math.max(...shown.map((element) => Math.floor(element.getBoundingClientRect().right)))
}
