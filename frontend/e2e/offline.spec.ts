import { rmSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { Learner } from './support/learner'
import { nextVersion } from './support/next-version'
import { WEB } from './support/stack'
import { expect, test } from './support/test'

test.use({ serviceWorkers: 'allow' })

const line = (page: Page) => page.locator('[data-connection]')
const row = (page: Page) => page.locator('main a[href^="/history/"]').first()
const offer = (page: Page) => page.getByText('A new version is ready.')

/** Done once the app is kept on this device. */
async function installed(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
}

/** What keeps the browser from installing the app, but that a test's profile is a private one. */
async function hindrances(page: Page): Promise<string[]> {
  const browser = await page.context().newCDPSession(page)
  const { errors } = await browser.send('Page.getAppManifest')
  const { installabilityErrors } = await browser.send('Page.getInstallabilityErrors')
  await browser.detach()
  return [
    ...errors.map(({ message }) => message),
    ...installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito'),
  ]
}

/** Done once the browser has found the next version and keeps it waiting. */
async function foundNext(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    await registration.update()
    while (registration.waiting === null) await new Promise((look) => setTimeout(look, 50))
  })
}

test('without a connection the app opens, says what it needs one for, and goes on by itself', async ({
  page,
  context,
  stack,
  picture,
}) => {
  const ada = await Learner.inATalk(page, stack)
  await ada.type('What shall we plant?')
  await expect(ada.lines('tutor')).toHaveCount(2)
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await page.getByRole('link', { name: 'See the conversation' }).click()
  await expect(page.getByText('What shall we plant?', { exact: true })).toBeVisible()
  await page.getByRole('link', { name: 'History', exact: true }).first().click()
  await expect(row(page)).toBeVisible()
  await installed(page)
  expect(await hindrances(page)).toEqual([])

  await context.setOffline(true)
  await page.goto(`${stack.webUrl}/history`)
  await expect(line(page)).toContainText('You are offline.')
  await expect(row(page)).toBeVisible()
  await picture(page, 'offline-history')
  await row(page).click()
  await expect(page.getByText('What shall we plant?', { exact: true })).toBeVisible()
  await picture(page, 'offline-conversation')
  await page.getByRole('link', { name: 'Talk', exact: true }).click()
  await expect(page.getByText('Talking needs a connection.')).toBeVisible()
  await picture(page, 'offline-talk')

  await stack.stopAvaaz()
  await context.setOffline(false)
  await expect(line(page)).toContainText('The server does not answer.')
  await stack.startAvaaz()
  await expect(line(page)).toContainText('You are connected again.')
  await ada.startTalking()
  await ada.expectStatus('listening', 30_000)
})

test('a new version waits until the talk is over, and then for the learner', async ({
  page,
  context,
  stack,
  picture,
}) => {
  const ada = await Learner.inATalk(page, stack)
  await installed(page)
  const beside = await context.newPage()
  await beside.goto(`${stack.webUrl}/history`)
  const next = nextVersion(WEB)
  try {
    stack.serveWeb(next)
    await foundNext(page)
    await ada.type('Are you still there?')
    await expect(ada.lines('tutor')).toHaveCount(2)
    await expect(offer(page)).toHaveCount(0)
    await expect(offer(beside)).toHaveCount(0)

    await page.getByRole('button', { name: 'End', exact: true }).click()
    await expect(offer(page)).toBeVisible()
    await expect(offer(beside)).toBeVisible()
    await picture(page, 'offline-new-version')
    await page.getByRole('button', { name: 'Reload' }).click()
    await expect(page.locator('meta[name=version]')).toHaveAttribute('content', 'next')
    await expect(offer(page)).toHaveCount(0)
    await beside.getByRole('button', { name: 'Reload' }).click()
    await expect(beside.locator('meta[name=version]')).toHaveAttribute('content', 'next')
  } finally {
    stack.serveWeb()
    rmSync(next, { recursive: true })
  }
})
