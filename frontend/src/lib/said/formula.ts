import type Temml from 'temml'

let temml: Promise<typeof Temml> | null = null

/** Fetches what sets formulae, with the first one that appears. */
function setter(): Promise<typeof Temml> {
  temml ??= import('temml').then((module) => module.default)
  temml.catch(() => (temml = null))
  return temml
}

/** Nothing that reaches out of the formula: no links, pictures, styles or macros without end. */
export const CAUTION = {
  throwOnError: true,
  trust: false,
  maxSize: [10, 10] as [number, number],
  maxExpand: 100,
}

/** A formula as MathML, built node by node: no markup is ever parsed. Null where it is no TeX after all. */
export async function formulaOf(tex: string, display: boolean): Promise<ChildNode[] | null> {
  try {
    const { render } = await setter()
    const box = document.createElement('span')
    render(tex, box, { ...CAUTION, displayMode: display })
    return [...box.querySelectorAll('*')].every(isHarmless) ? [...box.childNodes] : null
  } catch {
    return null
  }
}

const MATHML = 'http://www.w3.org/1998/Math/MathML'
const REACHES_OUT = /^on|^(xlink:)?href$|^src$|^id$|^actiontype$/i

/** Should what sets formulae ever be fooled: MathML without scripts and addresses cannot do anything. */
function isHarmless(element: Element): boolean {
  return (
    element.namespaceURI === MATHML &&
    element.getAttributeNames().every((name) => !REACHES_OUT.test(name)) &&
    !/url|expression|position|\\/i.test(element.getAttribute('style') ?? '')
  )
}
