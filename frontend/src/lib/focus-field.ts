/** Leads to the first field of a form that something is wrong with: whoever cannot see the page hears what it is. */
export function focusFirstWrong<N extends string>(
  form: HTMLFormElement,
  names: readonly N[],
  errors: Partial<Record<N, string>>,
): boolean {
  const first = names.find((name) => errors[name] !== undefined)
  if (first === undefined) return false
  const field = form.elements.namedItem(first)
  if (field instanceof HTMLElement) field.focus()
  return true
}
