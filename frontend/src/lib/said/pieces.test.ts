import temml from 'temml'
import { describe, expect, it } from 'vitest'
import { CAUTION } from './formula'
import { piecesOf, type Piece } from './pieces'

const kinds = (words: string) => piecesOf(words).map(({ kind, text }) => `${kind}: ${text}`)
const found = (words: string) => piecesOf(words).filter(({ kind }) => kind !== 'text')
const formulae = (words: string) =>
  piecesOf(words).flatMap((piece) => (piece.kind === 'formula' ? [piece.tex] : []))
const urls = (words: string) =>
  piecesOf(words).flatMap((piece) => (piece.kind === 'link' ? [piece.url] : []))

describe('addresses', () => {
  it('are found with what belongs to them, and shown whole', () => {
    expect(kinds('See https://example.org/a_(b), then rest.')).toEqual([
      'text: See ',
      'link: https://example.org/a_(b)',
      'text: , then rest.',
    ])
    expect(urls('(HTTP://EXAMPLE.ORG/Ä)')).toHaveLength(1)
  })

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt://example.org/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'file:///etc/passwd',
    'ftp://example.org',
    'mailto:ada@example.org',
    'ada@example.org',
    '//example.org/x',
    'vbscript://example.org',
    'intent://example.org#Intent;end',
    'blob:https%3A//example.org/1',
    '<a href="x">x</a>',
    '![a picture](x.png)',
    'https://',
    'https://exam\u202Eple.org/moc',
    'https://exam\u200Bple.org',
  ])('are nothing else: %s', (words) => {
    expect(urls(words)).toEqual([])
  })

  it('hold no quotes and no brackets, so that nothing can be written behind them', () => {
    for (const words of [
      'https://example.org/"onmouseover="alert(1)',
      "https://example.org/'onmouseover='alert(1)",
      'https://example.org/<script>alert(1)</script>',
    ]) {
      expect(urls(words)[0]).toMatch(/^https:\/\/example\.org\/[^"<>\s]*$/)
    }
  })

  it('never hide who is asked behind somebody else’s name', () => {
    expect(urls('https://bank.example@evil.example/')).not.toContainEqual(
      expect.stringContaining('evil'),
    )
  })
})

describe('formulae', () => {
  it.each([
    ['The area is $\\pi r^2$.', '\\pi r^2'],
    ['Let $x$ be large.', 'x'],
    ['So \\(a+b\\) it is', 'a+b'],
    ['Then $f(x)$, and', 'f(x)'],
    ['Half of $2x$ is', '2x'],
    ['$$\\sum_{n=1}^\\infty \\frac1{n^2}$$', '\\sum_{n=1}^\\infty \\frac1{n^2}'],
    ['\\[ e^{i\\pi} = -1 \\]', 'e^{i\\pi} = -1'],
    ['\\[ a \\\\[2pt] b \\]', 'a \\\\[2pt] b'],
    ['It opens \\( and never closes; \\(x\\) does', 'x'],
  ])('are found: %s', (words, tex) => {
    expect(formulae(words)).toEqual([tex])
  })

  it.each([
    '$5 and $10',
    'It costs $5, or $10 with a coffee.',
    '$5-$10',
    '$5/$10 = a half',
    'US$6 (or A$9)',
    'from $3 to $4 = too much',
    'between $5,$6 and $7',
    'I paid 10$ and she paid 20$.',
    'I paid $20. He paid 20$.',
    '$1.50+tax, so $2 in all',
    'a $ b $ c',
    '$ x $',
    '$$',
    '$$$$',
    '$HOME/$PATH',
    'A$AP and Ke$ha',
    '\\$x\\$',
    'one $x that never ends',
    '$two words$',
    '$x\ny$',
    '\\(',
    '\\( \\)',
    `$${'x+'.repeat(300)}x$`,
  ])('are not seen in %s', (words) => {
    expect(formulae(words)).toEqual([])
  })

  it('stay the words that they are until they are whole', () => {
    const whole = 'So $x^2$ grows'
    for (let end = 1; end < whole.indexOf('$ grows') + 1; end += 1) {
      expect(found(whole.slice(0, end))).toEqual([])
    }
    expect(formulae(whole)).toEqual(['x^2'])
  })

  it.each([
    '\\href{javascript:alert(1)}{x}',
    '\\url{https://example.org}',
    '\\includegraphics{https://example.org/x.png}',
    '\\class{fixed}{x}',
    '\\id{root}{x}',
    '\\style{position:fixed}{x}',
    '\\data{foo=x}{y}',
    '\\colorbox{url(https://example.org)}{x}',
    '\\color{red;position:fixed}x',
    '\\def\\a{\\a\\a}\\a',
    '\\newcommand\\x{\\x}\\x',
    '\\frac{1',
    '\\nonsense',
  ])('that reach out are refused: %s', (tex) => {
    expect(() => temml.renderToString(tex, CAUTION)).toThrow()
  })

  it('hold no markup of their own', () => {
    const markup = temml.renderToString(
      '\\text{<img src=x onerror=alert(1)>"\'</math><script>}',
      CAUTION,
    )
    expect(markup).not.toMatch(/<(?!\/?(math|mrow|mtext|mi|mo)\b)/)
  })

  it('cannot grow beyond their place', () => {
    const markup = temml.renderToString('\\rule{9999em}{9999em}\\kern{9999em}x', CAUTION)
    const sizes = [...markup.matchAll(/(-?\d+)em/g)].map(([, size]) => Math.abs(Number(size)))
    expect(sizes.length).toBeGreaterThan(0)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10)
  })
})

describe('the pieces of any words', () => {
  it('are, in a row, the words themselves', () => {
    const hostile = [
      '$',
      '$$',
      '\\(',
      '\\)',
      '\\[',
      '\\]',
      'x',
      '^2',
      ' ',
      '5',
      'https://a.example/',
      '<b>',
      '\u202E',
      'א',
      '語',
    ]
    let state = 7
    const next = () => (state = (state * 48_271) % 2_147_483_647)
    for (let round = 0; round < 3_000; round += 1) {
      const words = Array.from(
        { length: 1 + (next() % 14) },
        () => hostile[next() % hostile.length],
      ).join('')
      const pieces = piecesOf(words)
      expect(pieces.map(({ text }) => text).join('')).toBe(words)
      pieces.reduce((at, piece: Piece) => (expect(piece.at).toBe(at), at + piece.text.length), 0)
    }
  })

  it.each([
    '$',
    '$x',
    '$$x',
    '$5 ',
    '\\(',
    '\\[x',
    '\\(\\[',
    '\\\\(',
    '\\( $',
    'http://',
    'https://a.',
    'https://a.b/(',
  ])('are found in a time that grows with the words, of nothing but %j too', (part) => {
    // Beside itself on the same machine, and the best of several: what else the machine does is no fault of ours.
    const timeOf = (letters: number) => {
      const words = part.repeat(letters / part.length)
      const times = Array.from({ length: 5 }, () => {
        const began = performance.now()
        piecesOf(words)
        return performance.now() - began
      })
      return Math.min(...times)
    }
    // Eight times the words; were it their square, it would be sixty-four times the time.
    expect(timeOf(40_000)).toBeLessThan(24 * timeOf(5_000) + 5)
  })
})
