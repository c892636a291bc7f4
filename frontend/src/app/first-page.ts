import type { Words } from '@/lib/i18n'

interface FirstPage {
  words: Words[]
  files: (() => Promise<unknown>)[]
}

/**
 * What the page that is about to be shown needs, while it is not yet known who asks: it comes during the waits for the
 * configuration and the sign-in, and not after them. What is not named here comes with the page.
 */
export function firstPage(knowsLearner: boolean, path = location.pathname): FirstPage {
  const shell = () => import('./shell')
  if (!knowsLearner) {
    return { words: ['common', 'auth'], files: [() => import('@/features/auth/sign-in-page')] }
  }
  if (path === '/') {
    return { words: ['common', 'talk'], files: [shell, () => import('@/features/talk/talk-page')] }
  }
  if (path === '/history') {
    const page = () => import('@/features/history/history-page')
    return { words: ['common', 'history', 'talk'], files: [shell, page] }
  }
  return { words: ['common'], files: [shell] }
}
