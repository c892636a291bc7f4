const touched = new Set<HTMLInputElement | HTMLTextAreaElement>()

/** Fields whose words are nobody's loss. */
const NOT_WORDS = ['search', 'checkbox', 'radio', 'range', 'color', 'file']

/** Remembers in which fields the learner has typed, from here on. */
export function watchTyping(): void {
  addEventListener('input', ({ target }) => {
    if (isField(target) && !NOT_WORDS.includes(target.type)) touched.add(target)
  })
  addEventListener('submit', ({ target }) => {
    for (const field of touched) if (field.form === target) touched.delete(field)
  })
}

/** Whether words stand in a field of this page that were not sent yet: loading it anew would lose them. */
export function hasHalfTyped(): boolean {
  for (const field of touched) if (!field.isConnected) touched.delete(field)
  return [...touched].some(({ value }) => value !== '')
}

function isField(target: unknown): target is HTMLInputElement | HTMLTextAreaElement {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement
}
