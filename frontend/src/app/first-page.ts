/**
 * Asks for the files of the page that is about to be shown while it is not yet known who asks: they come during the
 * waits for the configuration and the sign-in, and not after them. What is not here, or fails, comes with the page.
 */
export function fetchFirstPage(knowsLearner: boolean): void {
  for (const file of knowsLearner ? filesOf(location.pathname) : [signInPage]) {
    file().catch(() => undefined)
  }
}

const signInPage = () => import('@/features/auth/sign-in-page')

function filesOf(path: string): (() => Promise<unknown>)[] {
  const shell = () => import('./shell')
  if (path === '/') return [shell, () => import('@/features/talk/talk-page')]
  if (path === '/history') return [shell, () => import('@/features/history/history-page')]
  return [shell]
}
