export type Ink = readonly [red: number, green: number, blue: number]

/** The colours of the voice in the theme of the moment. */
export interface RingColours {
  quiet: Ink
  learner: Ink
  tutor: Ink
  danger: Ink
}

/** Reads what the browser says of a colour, such as `rgb(58, 73, 168)`. */
export function inkOf(computed: string): Ink {
  const [red = 0, green = 0, blue = 0] = (computed.match(/[\d.]+/g) ?? []).map(Number)
  return [red, green, blue]
}

/** The colour between several, by their shares: what a ring has on its way from one to another. */
export function mixed(
  { quiet, learner, tutor }: RingColours,
  shares: { quiet: number; learner: number; tutor: number },
): string {
  const sum = Math.max(1e-6, shares.quiet + shares.learner + shares.tutor)
  const part = (at: 0 | 1 | 2) =>
    Math.round(
      (quiet[at] * shares.quiet + learner[at] * shares.learner + tutor[at] * shares.tutor) / sum,
    )
  return css([part(0), part(1), part(2)])
}

export function css([red, green, blue]: Ink): string {
  return `rgb(${red} ${green} ${blue})`
}
