import type { ComponentType } from 'react'
import { loadWords, type Words } from '@/lib/i18n'

/** The files of a page could not be fetched: it is there again once the server can be reached. */
export class PageNotHere extends Error {
  constructor(cause: unknown) {
    super('the files of this page could not be fetched', { cause })
    this.name = 'PageNotHere'
  }
}

/**
 * A page whose code and words are fetched when somebody is about to go there. The router waits for `preload` before it
 * shows the page, and shows its error page where that fails; the next try fetches anew. (The router's own
 * `lazyRouteComponent` loads the whole document anew instead, which without a network is the end of the app.)
 */
export function lazyPage<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  words: Words[] = [],
) {
  let Page: ComponentType<Props> | null = null
  let loading: Promise<void> | null = null

  function LazyPage(props: Props) {
    if (Page === null) throw new Error('the router shows a page that it has not loaded')
    return <Page {...props} />
  }
  LazyPage.preload = () => {
    loading ??= Promise.all([load(), loadWords(words)]).then(
      ([loaded]) => {
        Page = loaded
      },
      (cause: unknown) => {
        loading = null
        throw new PageNotHere(cause)
      },
    )
    return loading
  }
  return LazyPage
}
