/** Scripts that one language writes alone, or that tell two apart. */
const OWN: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, 'ja'],
  [/\p{Script=Hangul}/u, 'ko'],
  [/\p{Script=Hebrew}/u, 'he'],
  [/\p{Script=Thai}/u, 'th'],
  [/\p{Script=Greek}/u, 'el'],
]

const SCRIPTS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\p{Script=Latin}/u, ['Latn']],
  [/\p{Script=Arabic}/u, ['Arab']],
  [/\p{Script=Cyrillic}/u, ['Cyrl']],
  [/\p{Script=Han}/u, ['Hans', 'Hant', 'Jpan', 'Kore']],
  [/\p{Script=Devanagari}/u, ['Deva']],
]

/**
 * The language of some words, as far as their letters and the languages of the lesson tell.
 * Two languages with the same letters are not told apart: a wrong `lang` would be read out wrongly.
 */
export function languageOf(words: string, spoken: readonly string[]): string | undefined {
  const own = OWN.find(([letters]) => letters.test(words))
  if (own !== undefined) return spoken.find((tag) => primary(tag) === own[1]) ?? own[1]
  const letters = /\p{L}/u.exec(words)?.[0]
  if (letters === undefined) return undefined
  const scripts = SCRIPTS.find(([letter]) => letter.test(letters))?.[1] ?? []
  const fit = [...new Set(spoken)].filter((tag) => scripts.includes(scriptOf(tag)))
  return fit.length === 1 ? fit[0] : undefined
}

function primary(tag: string): string {
  return tag.split('-')[0]?.toLowerCase() ?? ''
}

function scriptOf(tag: string): string {
  try {
    return new Intl.Locale(tag).maximize().script ?? ''
  } catch {
    return ''
  }
}
