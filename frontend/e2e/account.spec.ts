import { Learner } from './support/learner'
import { expect, test } from './support/test'

test('the demo learner is one press away', async ({ page, stack, picture }) => {
  await page.goto(stack.webUrl)
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await page.getByRole('button', { name: 'Français' }).click()
  await expect(page.getByRole('heading', { name: 'Se connecter' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'fr')
  await page.reload()
  await page.getByRole('button', { name: 'English' }).click()
  await picture(page, 'sign-in')
  await page.getByRole('button', { name: 'Try it as the demo learner' }).click()
  await expect(page.getByRole('button', { name: 'Talk', exact: true })).toBeVisible()
})

test('a wrong password is told beside its field', async ({ page, stack, picture }) => {
  await page.goto(stack.webUrl)
  await page.getByLabel('E-mail').fill('nobody@example.org')
  const password = page.getByLabel('Password', { exact: true })
  await password.fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(password).toHaveAccessibleDescription(
    'The e-mail address or the password is not right.',
  )
  await expect(password).toBeFocused()
  await picture(page, 'wrong-password')
})

test('what is wrong with a new account is told beside each field', async ({
  page,
  stack,
  picture,
}) => {
  const ada = await Learner.signedIn(page, stack)
  await page.getByRole('button', { name: 'Your account' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()

  await page.getByRole('link', { name: 'Create your account' }).click()
  await page.getByRole('button', { name: 'Create your account' }).click()
  await expect(page.getByLabel('Your name')).toHaveAccessibleDescription('Enter your name.')
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('E-mail').fill(ada.email)
  await page.getByLabel('Password', { exact: true }).fill('short')
  await page.getByRole('button', { name: 'Create your account' }).click()
  await expect(page.getByLabel('Password', { exact: true })).toHaveAccessibleDescription(
    /too short/,
  )
  await page.getByLabel('Password', { exact: true }).fill(ada.password)
  await page.getByRole('button', { name: 'Create your account' }).click()
  await expect(page.getByLabel('E-mail')).toHaveAccessibleDescription(/already an account/)
  await picture(page, 'register')
})

test('one stays signed in through refreshes and in every tab, and signs out of all', async ({
  page,
  context,
  stack,
}) => {
  await Learner.signedIn(page, stack)
  const talk = (where: typeof page) => where.getByRole('button', { name: 'Talk', exact: true })
  for (let round = 0; round < 3; round += 1) {
    await page.reload()
    await expect(talk(page)).toBeVisible()
  }
  // All at once: each renews the sign-in, and none uses a refresh token twice.
  const tabs = await Promise.all([0, 1, 2].map(() => context.newPage()))
  await Promise.all(tabs.map((tab) => tab.goto(stack.webUrl)))
  for (const tab of tabs) await expect(talk(tab)).toBeVisible()
  await page.reload()
  await expect(talk(page)).toBeVisible()

  await page.getByRole('button', { name: 'Your account' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  for (const tab of [page, ...tabs]) {
    await expect(tab.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  }
})

test('a refresh in the middle of a refresh does not end the sign-in', async ({ page, stack }) => {
  await Learner.signedIn(page, stack)
  const renewal = page.waitForRequest((request) => request.url().endsWith('/auth/refresh'))
  await page.reload({ waitUntil: 'commit' })
  await renewal
  await page.reload()
  await expect(page.getByRole('button', { name: 'Talk', exact: true })).toBeVisible()
})

test('no token is kept where a script could find it', async ({ page, context, stack }) => {
  const ada = await Learner.arrive(page, stack)
  await ada.register()
  const stored = await page.evaluate(() =>
    JSON.stringify([localStorage, sessionStorage, document.cookie]),
  )
  expect(stored).not.toContain('eyJ')
  for (const cookie of await context.cookies(`${stack.apiUrl}/auth`)) {
    expect(cookie.httpOnly).toBe(true)
    expect(cookie.sameSite).not.toBe('None')
    expect(stored).not.toContain(cookie.value)
  }
  expect(await context.cookies(`${stack.apiUrl}/auth`)).not.toHaveLength(0)
})
