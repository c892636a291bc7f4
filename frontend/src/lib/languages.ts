/** Languages that people learn and speak, as BCP 47 tags; regions where the difference is one for the ear. */
const TAGS = (
  'af sq am ar ar-EG ar-MA hy as ast az eu be bn bs br bg my ca ceb zh-Hans zh-Hant yue co hr cs da nl nl-BE ' +
  'en en-GB en-US en-AU en-IN eo et fo fil fi fr fr-CA fr-BE fr-CH fy gl ka de de-AT de-CH el gn gu ht ha haw he hi hu is ig ' +
  'id ga it ja jv kn kk km rw ko ku ckb ky lo la lv ln lt lb mk mg ms ml mt mi mr mn ne nb nn oc or om ps ' +
  'fa pl pt-BR pt-PT pa qu ro rm ru sm gd sr st sn sd si sk sl so es es-MX es-AR es-ES su sw sv gsw tg ta tt te th ' +
  'bo ti tn tr tk uk ur ug uz vi cy wo xh yi yo zu'
).split(' ')

const LONGEST_TAG = 35

export interface Language {
  tag: string
  /** In the language of the interface, written as at the beginning of a line. */
  name: string
  /** What its speakers call it, where the browser knows that. */
  ownName: string
}

/** A language's name in the language of the interface; a tag that has none is its own name. */
export function languageName(tag: string, uiLanguage: string): string {
  return named(tag, uiLanguage) ?? tag
}

/** All the languages of the list, sorted as the interface's language sorts. */
export function languagesIn(uiLanguage: string): Language[] {
  const collator = new Intl.Collator(uiLanguage)
  return TAGS.map((tag) => language(tag, uiLanguage)).sort((one, other) =>
    collator.compare(one.name, other.name),
  )
}

/**
 * Those that fit what was typed, the best first: a name's beginning before a word's beginning before its middle. A tag
 * that is not in the list fits itself.
 */
export function findLanguages(
  all: readonly Language[],
  query: string,
  uiLanguage: string,
): Language[] {
  const wanted = plain(query)
  if (wanted === '') return [...all]
  const found = all
    .map((language) => ({ language, rank: rankOf(language, wanted) }))
    .filter(({ rank }) => rank < NO_MATCH)
    // Sorting is stable: equals keep the order of their names.
    .sort((one, other) => one.rank - other.rank)
    .map(({ language }) => language)
  const typed = canonicalTag(query)
  if (typed === null) return found
  const known = found.find(({ tag }) => tag === typed) ?? all.find(({ tag }) => tag === typed)
  if (known !== undefined) return [known, ...found.filter((language) => language !== known)]
  // Most short words are well-formed tags; one that nobody has a name for is offered only when nothing else fits.
  if (named(typed, uiLanguage) === undefined && found.length > 0) return found
  return [language(typed, uiLanguage), ...found]
}

/** The tag in its usual spelling, when the API would take it. */
export function canonicalTag(text: string): string | null {
  const trimmed = text.trim()
  if (trimmed.length > LONGEST_TAG || !/^[a-z]{2,3}(-|$)/i.test(trimmed)) return null
  try {
    return Intl.getCanonicalLocales(trimmed)[0] ?? null
  } catch {
    return null
  }
}

const NO_MATCH = 4

function rankOf({ tag, name, ownName }: Language, wanted: string): number {
  if (tag.toLowerCase() === wanted) return 0
  const names = [plain(name), plain(ownName)]
  if (names.some((known) => known.startsWith(wanted))) return 1
  if (names.some((known) => known.includes(` ${wanted}`) || known.includes(`(${wanted}`))) return 2
  return names.some((known) => known.includes(wanted)) ? 3 : NO_MATCH
}

/** Without accents and capitals, as people type in haste. */
function plain(text: string): string {
  return text.trim().normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

function language(tag: string, uiLanguage: string): Language {
  return { tag, name: languageName(tag, uiLanguage), ownName: named(tag, tag) ?? tag }
}

const displayNames = new Map<string, Intl.DisplayNames>()

function named(tag: string, inLanguage: string): string | undefined {
  try {
    let names = displayNames.get(inLanguage)
    if (names === undefined) {
      names = new Intl.DisplayNames([inLanguage], { type: 'language', fallback: 'none' })
      displayNames.set(inLanguage, names)
    }
    const name = names.of(tag)
    return name === undefined
      ? undefined
      : name.charAt(0).toLocaleUpperCase(inLanguage) + name.slice(1)
  } catch {
    // What is stored may be well-formed and yet mean nothing to this browser.
    return undefined
  }
}
