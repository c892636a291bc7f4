import { readFileSync } from 'node:fs'
import { Learner } from './support/learner'
import { GREETING } from './support/script'
import type { Stack } from './support/stack'
import { expect, test } from './support/test'

const ASKED = 'What is the weather like in Lisbon?'
const OLDER = 40

test('what was said is kept by day, found again, read, saved, and deleted with a way back', async ({
  page,
  context,
  stack,
  picture,
}) => {
  test.setTimeout(120_000)
  const ada = await Learner.signedIn(page, stack)
  // Nowhere near the browser's own clock.
  await ada.api('/auth/me', 'PATCH', { time_zone: 'Asia/Kolkata' })
  await page.getByRole('link', { name: 'History' }).click()
  await expect(page.getByText('You have not talked yet.')).toBeVisible()
  await picture(page, 'history-empty')
  await page.getByRole('link', { name: 'Talk with your tutor' }).click()
  const id = await talksOfLisbon(ada)
  await livedThrough(ada, stack)

  await page.addInitScript(watchLayoutShift)
  await page.goto(`${stack.webUrl}/history`)
  const today = page.getByRole('region', { name: 'Today' })
  const row = today.getByRole('link')
  await expect(row).toHaveCount(1)
  const { started_at } = await ada.conversation(id)
  await expect(row).toContainText(timeIn('Asia/Kolkata', started_at))
  expect(await page.evaluate(() => window.shifted)).toBeLessThan(0.02)
  await picture(page, 'history')

  // The list goes on as one scrolls.
  const rows = page.getByRole('listitem')
  await expect(rows.nth(29)).toBeAttached()
  await page.getByRole('button', { name: 'Show earlier' }).scrollIntoViewIfNeeded()
  await expect(rows).toHaveCount(OLDER + 1)

  await test.step('the search', async () => {
    const field = page.getByRole('searchbox')
    await field.fill('like LISBON')
    const hit = page.locator('[data-hit]')
    await expect(hit).toHaveCount(1)
    await expect(hit.locator('mark')).toHaveText(['like', 'Lisbon'])
    await expect(page).toHaveURL(/\/history\?q=like/)
    await picture(page, 'history-search')
    await field.press('ArrowDown')
    await expect(hit).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(page.locator('[data-found] [data-words]')).toHaveText(ASKED)
    await expect(page.locator('[data-found]')).toBeInViewport()
    await page.goBack()
    await expect(hit).toHaveCount(1)
    await field.fill('xylophone')
    await expect(page.getByText('This was not said')).toBeVisible()
    await picture(page, 'history-nothing-found')
    await page.goBack()
    await expect(field).toHaveValue('')
    await expect(row).toBeVisible()
  })

  await row.click()
  await test.step('one conversation', async () => {
    await expect(ada.lines()).toHaveCount(3)
    await page.getByRole('searchbox').fill('the')
    await page.getByRole('searchbox').press('Enter')
    await picture(page, 'conversation')
    await page.getByRole('button', { name: 'More for this conversation' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: 'Save as text' }).click()
    const file = await download
    expect(file.suggestedFilename()).toMatch(/^avaaz-20\d\d-\d\d-\d\d-\d{4}\.txt$/)
    const text = readFileSync(await file.path(), 'utf8')
    expect(text).toContain(`] You: ${ASKED}\n`)
    expect(text).toContain(`] Tutor: ${GREETING}`)
  })

  await test.step('the deletion', async () => {
    await page.getByRole('button', { name: 'More for this conversation' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await expect(page.getByText('Conversation deleted')).toBeVisible()
    await expect(today).toBeHidden()
    await picture(page, 'history-deleted', { passing: true })
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(ada.lines()).toHaveCount(3)
    await page.getByRole('link', { name: 'History' }).first().click()

    // Without a network it cannot be done, and says so.
    await expect(row).toBeVisible()
    await context.setOffline(true)
    await row.focus()
    await page.keyboard.press('Delete')
    await expect(row).toBeHidden()
    await page.getByRole('button', { name: 'Close' }).click()
    await expect(page.getByRole('alert')).toContainText('It is back in its place.')
    await expect(row).toBeVisible()
    await picture(page, 'history-not-deleted', { passing: true })
    await context.setOffline(false)

    // A page that is left sends what waited; the next one never shows it.
    await row.focus()
    await page.keyboard.press('Delete')
    await expect(row).toBeHidden()
    await page.reload()
    await expect(rows.nth(29)).toBeAttached()
    await expect(today).toBeHidden()
    await expect.poll(() => isThere(ada, id)).toBe(false)
  })

  // What this device keeps to be read without a network goes with the sign-in.
  await expect.poll(() => page.evaluate(countKept)).toBeGreaterThan(0)
  await page.getByRole('button', { name: 'Your account' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await expect.poll(() => page.evaluate(countKept)).toBe(0)
})

test('what cannot be fetched, and a search that is too fast, say so and come right', async ({
  page,
  stack,
  picture,
}) => {
  const ada = await Learner.arrive(page, stack)
  await ada.register()
  const api = `${stack.apiUrl}/**`
  await page.route(api, (route) => route.abort())
  await page.getByRole('link', { name: 'History' }).click()
  await expect(page.getByText('Your conversations could not be loaded.')).toBeVisible()
  await picture(page, 'history-failed')
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByText('Your conversations could not be loaded.')).toBeVisible()
  // Once the server answers again, nobody has to press.
  await page.unroute(api)
  await expect(page.getByText('You have not talked yet.')).toBeVisible()

  // More searches than a learner may make in a minute.
  const search = () =>
    fetch(`${stack.apiUrl}/api/v1/turns/search?q=tea`, {
      headers: { Authorization: `Bearer ${token}` },
    })
  const token = await ada.token()
  const answers = await Promise.all(Array.from({ length: 65 }, search))
  expect(answers.some(({ status }) => status === 429)).toBe(true)
  await page.getByRole('searchbox').fill('garden')
  await expect(page.getByRole('alert')).toContainText('That was a little fast.')
  await picture(page, 'history-search-failed')

  // A page whose files are not on this device yet comes by itself once there is a network again.
  await page.context().setOffline(true)
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByRole('alert')).toContainText('This page has not come yet.')
  await picture(page, 'page-not-here')
  await page.context().setOffline(false)
  await expect(page.getByRole('heading', { name: 'What you learn' })).toBeVisible()
})

async function isThere(ada: Learner, id: string): Promise<boolean> {
  const { items } = await ada.api<{ items: { id: string }[] }>(
    '/sessions/default/conversations?limit=100',
  )
  return items.some((conversation) => conversation.id === id)
}

/** Talks a little by typing, and ends it. */
async function talksOfLisbon(ada: Learner): Promise<string> {
  await ada.startTalking()
  await ada.expectStatus('listening', 30_000)
  const id = (await ada.liveConversationId()) ?? ''
  await ada.type(ASKED)
  await expect(ada.lines('tutor').nth(1)).toContainText('It rains in the north')
  await ada.page.getByRole('button', { name: 'End', exact: true }).click()
  await ada.expectStatus('ended')
  return id
}

/** Conversations of the days before, in which nothing was said: only the tutor's words are sealed. */
async function livedThrough(ada: Learner, stack: Stack): Promise<void> {
  const { id } = await ada.api<{ id: string }>('/sessions/default')
  await stack.change(
    `INSERT INTO conversations (id, session_id, mode, started_at, ended_at, end_reason, learner_away_since)
     SELECT uuidv7(-age), '${id}', 'free_talk', now() - age, now() - age + interval '9 minutes', 'learner_ended', now() - age
     FROM (SELECT interval '20 hours' * n AS age FROM generate_series(2, ${OLDER + 1}) AS n) AS past`,
  )
}

function timeIn(timeZone: string, instant: string): string {
  const format = new Intl.DateTimeFormat('en-US', { hour: 'numeric', minute: '2-digit', timeZone })
  return format.format(new Date(instant))
}

/** How many things lie in this browser's own store of conversations. */
function countKept(): Promise<number> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('avaaz-kept')
    opening.onerror = () => reject(new Error('the store does not open'))
    opening.onsuccess = () => {
      const db = opening.result
      const counting = db.transaction('conversations').objectStore('conversations').count()
      counting.onsuccess = () => {
        db.close()
        resolve(counting.result)
      }
    }
  })
}

/** Adds up what moves without the learner having touched anything. */
function watchLayoutShift(): void {
  window.shifted = 0
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & Shift)[]) {
      if (!entry.hadRecentInput) window.shifted += entry.value
    }
  }).observe({ type: 'layout-shift', buffered: true })
}

interface Shift {
  value: number
  hadRecentInput: boolean
}

declare global {
  interface Window {
    shifted: number
  }
}
