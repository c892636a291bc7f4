import { beforeAll, expect, it } from 'vitest'
import { startI18n } from '@/lib/i18n'
import { lazyPage, PageNotHere } from './lazy-page'

const Page = () => null

beforeAll(async () => startI18n(['common'], 'en'))

it('fetches a page once, for everybody who points at it', async () => {
  let fetched = 0
  const { preload } = lazyPage(() => {
    fetched += 1
    return Promise.resolve(Page)
  })
  await Promise.all([preload(), preload()])
  await preload()
  expect(fetched).toBe(1)
})

it('says that a page is not here, and fetches it anew at the next try', async () => {
  let isOnline = false
  const { preload } = lazyPage(() =>
    isOnline ? Promise.resolve(Page) : Promise.reject(new TypeError('no network')),
  )
  await expect(preload()).rejects.toBeInstanceOf(PageNotHere)
  isOnline = true
  await expect(preload()).resolves.toBeUndefined()
})

it('brings the words of the page with it', async () => {
  const { default: i18n } = await import('i18next')
  expect(i18n.hasResourceBundle('en', 'welcome')).toBe(false)
  await lazyPage(() => Promise.resolve(Page), ['welcome']).preload()
  expect(i18n.hasResourceBundle('en', 'welcome')).toBe(true)
})
