/** Those that most people come to learn, or speak already; any other one is a search away. */
const FREQUENT = ['en', 'es', 'fr', 'de', 'it', 'pt', 'zh', 'ja', 'ko']
/** Where the region or the script makes it another language to the ear or the eye. */
const APART = ['pt-BR', 'zh-Hant', 'fr-CA', 'en-GB']

/** The languages of the browser, as languages that people speak: without the regions that only dates need. */
export function spokenLanguages(browserLanguages: readonly string[]): string[] {
  const spoken = browserLanguages.flatMap((tag) => {
    const apart = APART.find((known) => tag.toLowerCase().startsWith(known.toLowerCase()))
    if (apart !== undefined) return [apart]
    const primary = tag.split('-')[0]?.toLowerCase() ?? ''
    return /^[a-z]{2,3}$/.test(primary) ? [primary] : []
  })
  return [...new Set(spoken)]
}

/** What somebody with this browser speaks, most likely. */
export function guessSpoken(browserLanguages: readonly string[]): string {
  return spokenLanguages(browserLanguages)[0] ?? 'en'
}

/** What they come to learn: English, unless they have it. Nothing is guessed then. */
export function guessLearnt(browserLanguages: readonly string[]): string | null {
  return primaryOf(guessSpoken(browserLanguages)) === 'en' ? null : 'en'
}

/** Languages to choose from at a glance: the likely ones first, each once. */
export function languagesAtAGlance(likely: readonly string[]): string[] {
  const seen = new Set<string>()
  const each = [...likely, ...FREQUENT].filter((tag) => {
    if (seen.has(primaryOf(tag))) return false
    seen.add(primaryOf(tag))
    return true
  })
  return each.slice(0, FREQUENT.length)
}

export function primaryOf(tag: string): string {
  return tag.split('-')[0] ?? tag
}
