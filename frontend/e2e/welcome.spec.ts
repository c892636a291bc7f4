import { Learner } from './support/learner'
import { GOAL, told } from './support/script'
import { expect, test } from './support/test'

test('a new learner is asked three things, and the tutor begins with the answers', async ({
  page,
  context,
  stack,
  picture,
}) => {
  const ada = await Learner.arrive(page, stack)
  const heading = (name: string) => page.getByRole('heading', { name })
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const card = (name: string) => page.getByRole('radio', { name, exact: true })
  await ada.createAccount()

  // Whoever hears the page begins at the question.
  await expect(heading('What would you like to learn?')).toBeFocused()
  await expect(heading('What would you like to learn?')).toHaveAccessibleDescription(/^1 of 4 /)
  await press('Next')
  await expect(page.getByRole('alert')).toHaveText('Choose a language, or skip this question.')
  await card('Spanish').click()
  await page.getByLabel('What for, in your own words').fill(GOAL)
  await picture(page, 'welcome-learn')
  await press('Next')

  await expect(heading('What do you speak?')).toBeFocused()
  await expect(card('English')).toBeChecked()
  await page.goBack()
  await expect(card('Spanish')).toBeChecked()
  await expect(page.getByLabel('What for, in your own words')).toHaveValue(GOAL)
  await page.goForward()
  await page.reload()
  await expect(heading('What do you speak?')).toBeFocused()
  await card('Another language').click()
  await page.getByRole('combobox', { name: 'Which language' }).click()
  await page.getByRole('combobox', { name: /^Search/ }).fill('pers')
  await page.getByRole('option', { name: /^Persian/ }).click()
  await picture(page, 'welcome-speak')

  // Without a network nothing is lost: the answer goes along with the next one.
  await context.setOffline(true)
  await press('Next')
  await expect(page.getByRole('alert')).toContainText('Your answer is kept on this page.')
  await picture(page, 'welcome-not-saved')
  await press('Go on, save it later')
  await expect(heading('How well do you speak it?')).toBeFocused()
  await context.setOffline(false)
  await picture(page, 'welcome-level')
  await page.keyboard.press('Tab')
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowDown')
  await expect(card('I can hold an everyday conversation')).toBeChecked()
  await press('Next')

  await expect(heading('Can your tutor hear you?')).toBeFocused()
  await press('Back')
  await expect(card('I can hold an everyday conversation')).toBeChecked()
  await press('Skip')
  await press('Go to your tutor')
  await expect(page.getByRole('button', { name: 'Talk', exact: true })).toBeVisible()
  expect(await ada.api('/sessions/default')).toMatchObject({
    target_language: 'es',
    native_language: 'fa',
    level: 'B1',
    goal: GOAL,
  })
  expect(await ada.api('/auth/me')).toMatchObject({
    time_zone: await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
    ui_language: 'en',
  })

  await ada.startTalking()
  await expect(ada.lines('tutor').first()).toContainText(
    told('Spanish and speaks Persian as their own language. Their level is B1'),
    { timeout: 30_000 },
  )
})
