import type { Page } from '@playwright/test'
import { expectAccessible } from './support/accessible'
import { Learner } from './support/learner'
import { injectMicrophone } from './support/microphone'
import { expect, test } from './support/test'

// Every other page and state is looked at where a test comes by it (`picture`).
test('the faults of a sign-in, a new account, the account menu and writing in a talk are accessible', async ({
  page,
  stack,
}) => {
  await page.goto(stack.webUrl)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByLabel('E-mail')).toHaveAccessibleDescription(/./)
  await expectAccessible(page, 'sign in with errors')
  await page.getByRole('link', { name: 'Create your account' }).click()
  await expect(page.getByLabel('Your name')).toBeVisible()
  await expectAccessible(page, 'register')

  const ada = await Learner.signedIn(page, stack)
  await page.getByRole('button', { name: 'Your account' }).click()
  await expect(page.getByRole('menu')).toBeVisible()
  await expectAccessible(page, 'account menu', { overlay: true })
  await page.keyboard.press('Escape')
  await ada.startTalking()
  await ada.expectStatus('listening', 30_000)
  await page.getByRole('button', { name: 'Type' }).click()
  await expectAccessible(page, 'talk, typing')
})

test('the whole way from the sign-in to the end of a talk needs no mouse', async ({
  page,
  stack,
}) => {
  // Chromium's own microphone beeps without end, which our ear may take for somebody who cuts in: this one is silent.
  await page.addInitScript(injectMicrophone)
  await page.addInitScript(countWakeLocks)
  await page.goto(stack.webUrl)
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await pressOn(page, 'button', 'Try it as the demo learner')
  await expect(page.getByRole('button', { name: 'Talk', exact: true })).toBeVisible()
  await pressOn(page, 'button', 'Talk')
  const status = page.locator('[data-talk]')
  await expect(status).toHaveAttribute('data-talk', 'listening', { timeout: 30_000 })

  // While one talks, the screen stays on and the system knows why.
  expect(await page.evaluate(() => navigator.mediaSession.metadata?.title)).toBe(
    'Talking with your tutor',
  )
  expect(await page.evaluate(() => window.locksHeld())).toBe(1)

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
  expect(await page.evaluate(() => navigator.mediaSession.metadata)).toBeNull()
  await expect.poll(() => page.evaluate(() => window.locksHeld())).toBe(0)
})

declare global {
  interface Window {
    locksHeld: () => number
  }
}

/** Runs in the page before its own code: counts what keeps the screen awake. */
function countWakeLocks(): void {
  const taken: WakeLockSentinel[] = []
  const request = navigator.wakeLock.request.bind(navigator.wakeLock)
  navigator.wakeLock.request = async (type) => {
    const lock = await request(type)
    taken.push(lock)
    return lock
  }
  window.locksHeld = () => taken.filter(({ released }) => !released).length
}

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
