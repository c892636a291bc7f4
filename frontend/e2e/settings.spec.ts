import type { Page } from '@playwright/test'
import type { Session, User } from '../src/lib/api/models'
import { Learner } from './support/learner'
import { expect, test } from './support/test'

/** Louder than this is a voice. */
const VOICE_RMS = 0.01

/** Opens one of the settings' pages by its address, as a bookmark would. */
async function open(ada: Learner, section: string, title: string): Promise<void> {
  await ada.page.goto(`${ada.stack.webUrl}/settings/${section}`)
  await expect(ada.page.getByRole('heading', { level: 1, name: title })).toBeVisible()
}

const session = (ada: Learner) => ada.api<Session>('/sessions/default')
const account = (ada: Learner) => ada.api<User>('/auth/me')

async function chooseFrom(page: Page, field: string, typed: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: field }).click()
  await page.keyboard.type(typed)
  await page.getByRole('option', { name: option }).first().click()
}

test('what one settles about the lessons is kept at once, and survives a server that is away', async ({
  page,
  stack,
  picture,
}) => {
  test.setTimeout(150_000)
  await page.addInitScript(rememberPlayer)
  const ada = await Learner.signedIn(page, stack)
  await page.getByRole('button', { name: 'Your account' }).click()
  await page.setViewportSize({ width: 390, height: 844 })
  await page.getByRole('menuitem', { name: 'Settings' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible()
  await picture(page, 'settings')
  // On a desk the list stands beside its first page, where the pictures left it.
  await open(ada, '', 'Settings')
  await page.getByRole('link', { name: 'What you learn' }).click()
  await chooseFrom(page, 'The language you learn', 'brazil', 'Brazilian Portuguese')
  await expect(page.getByText('Saved')).toBeVisible()
  // A language that is in no list, by its tag.
  await chooseFrom(page, 'Your own language', 'es-co', 'Spanish (Colombia)')
  // Faster than the server answers: the last one is it.
  for (const level of [/^A1/, /^C2/, /^B1/]) await page.getByRole('radio', { name: level }).click()
  await page.getByLabel('What you want it for').fill('Order lunch in Recife')
  await page.getByLabel('What you want it for').blur()
  await expect
    .poll(() => session(ada))
    .toMatchObject({
      target_language: 'pt-BR',
      native_language: 'es-CO',
      level: 'B1',
      goal: 'Order lunch in Recife',
    })
  await picture(page, 'settings-learning')

  await stack.stopAvaaz()
  await page.getByRole('radio', { name: /^C1/ }).click()
  await page.getByLabel('What you want it for').fill('Read Machado de Assis')
  await page.getByLabel('What you want it for').blur()
  const faults = page.getByRole('alert').filter({ hasText: 'I cannot reach the server' })
  await expect(faults).toHaveCount(2)
  await expect(page.getByRole('radio', { name: /^B1/ })).toBeChecked()
  await expect(page.getByLabel('What you want it for')).toHaveValue('Read Machado de Assis')
  await picture(page, 'settings-away')
  await stack.startAvaaz()
  await faults.last().getByRole('button', { name: 'Try again' }).click()
  // The other one has a button of its own.
  await expect(faults).toHaveCount(1)
  await expect.poll(async () => (await session(ada)).goal).toBe('Read Machado de Assis')

  await open(ada, 'tutor', 'Your tutor')
  await page.getByRole('button', { name: 'Hear Echo' }).click()
  await expect(page.getByRole('button', { name: 'Stop Echo' })).toHaveAttribute(
    'data-sample',
    'playing',
  )
  expect(await page.evaluate(loudestOfSample)).toBeGreaterThan(VOICE_RMS)
  await expect(page.getByRole('button', { name: 'Hear Echo' })).toBeVisible()
  await page.getByRole('radio', { name: 'Echo' }).click()
  await expect.poll(async () => (await session(ada)).voice).toBe('echo')
  await page.getByRole('radio', { name: 'Patient' }).click()
  await page.getByRole('switch', { name: 'Hold to speak' }).click()
  await expect.poll(() => session(ada)).toMatchObject({ patience: 'patient', push_to_talk: true })
  await picture(page, 'settings-tutor')

  await open(ada, 'sound', 'Microphone and sound')
  await picture(page, 'settings-sound')

  await open(ada, 'display', 'Words and looks')
  await page.getByRole('radio', { name: 'Dark' }).click()
  await picture(page, 'settings-display-dark')
  await page.getByRole('radio', { name: 'Français' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Mots et apparence' })).toBeVisible()
  await expect.poll(async () => (await account(ada)).ui_language).toBe('fr')
  await page.reload()
  await expect(page.getByRole('radio', { name: 'Sombre' })).toBeChecked()
})

test('one sees to one’s account and one’s data, and leaves without a trace', async ({
  page,
  browser,
  stack,
  picture,
}) => {
  test.setTimeout(150_000)
  const ada = await Learner.signedIn(page, stack)
  await open(ada, 'account', 'Account')
  const name = page.getByLabel('Your name')
  await name.fill('')
  await name.press('Enter')
  await expect(page.getByRole('alert')).toHaveText('This cannot be empty.')
  await name.fill('Ada L.')
  await name.press('Enter')
  await chooseFrom(page, 'Time zone', 'recife', 'Recife')
  await expect
    .poll(() => account(ada))
    .toMatchObject({ display_name: 'Ada L.', time_zone: 'America/Recife' })
  await picture(page, 'settings-account')

  await page.getByLabel('Your present password').fill('not it')
  await page.getByLabel('New password').fill('a meadow in the sun')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByLabel('Your present password')).toHaveAccessibleDescription(
    'This is not your present password.',
  )
  await page.getByLabel('Your present password').fill(ada.password)
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByText('Your password is changed.')).toBeVisible()

  const elsewhere = await browser.newContext()
  const other = await elsewhere.newPage()
  await signIn(other, stack.webUrl, ada.email, 'a meadow in the sun')
  await expect(other.getByRole('button', { name: 'Talk', exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Sign out everywhere' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await other.reload()
  await expect(other.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await elsewhere.close()

  await signIn(page, stack.webUrl, ada.email, 'a meadow in the sun')
  await expect(page.getByRole('button', { name: 'Talk', exact: true })).toBeVisible()
  await open(ada, 'memory', 'What your tutor remembers')
  await expect(page.getByText('Your tutor remembers nothing of you yet.')).toBeVisible()
  await picture(page, 'settings-memory-empty')

  await open(ada, 'data', 'Your data')
  await expect(page.getByText('Sign-ins, those that ended lately too')).toBeVisible()
  await picture(page, 'settings-data')
  const file = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download everything' }).click()
  const zip = await (await file).createReadStream()
  const head = (await zip.toArray())[0] as Buffer
  expect(head.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004')
  await expect(page.getByText(/avaaz-.*\.zip is in your downloads/)).toBeVisible()

  await page.getByRole('button', { name: 'Erase everything' }).click()
  const dialog = page.getByRole('dialog', { name: 'Erase everything?' })
  await dialog.getByRole('button', { name: 'Erase for good' }).click()
  await expect(dialog.getByLabel('Type ERASE to go on')).toHaveAccessibleDescription(
    'Type ERASE here.',
  )
  await picture(page, 'settings-erase', { overlay: true })
  await dialog.getByLabel('Type ERASE to go on').fill('erase')
  await dialog.getByLabel('Your present password').fill('a meadow in the sun')
  await dialog.getByRole('button', { name: 'Erase for good' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await signIn(page, stack.webUrl, ada.email, 'a meadow in the sun')
  await expect(page.getByText('The e-mail address or the password is not right.')).toBeVisible()
})

declare global {
  interface Window {
    player: (HTMLAudioElement & { captureStream: () => MediaStream }) | undefined
  }
}

/** Runs in the page before its own code: keeps at hand what plays a sound, which is no part of the page. */
function rememberPlayer(): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the player itself, below.
  const play = HTMLAudioElement.prototype.play
  HTMLAudioElement.prototype.play = function (this: NonNullable<Window['player']>) {
    window.player = this
    return play.call(this)
  }
}

/** How loud the loudest moment is of what plays now, within half a second. */
async function loudestOfSample(): Promise<number> {
  if (window.player === undefined) throw new Error('nothing was played')
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  context.createMediaStreamSource(window.player.captureStream()).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  let loudest = 0
  for (let look = 0; look < 25; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    analyser.getFloatTimeDomainData(samples)
    const energy = samples.reduce((sum, sample) => sum + sample * sample, 0)
    loudest = Math.max(loudest, Math.sqrt(energy / samples.length))
  }
  await context.close()
  return loudest
}

async function signIn(page: Page, url: string, email: string, password: string): Promise<void> {
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
