import { useTranslation } from 'react-i18next'

export interface ScriptLineProps {
  speaker: 'learner' | 'tutor'
  text: string
  /** The words are still to come. */
  pending: boolean
  /** The tutor stopped here because the learner spoke. */
  cut: boolean
  /** Shown on hover and to screen readers. */
  time?: string | undefined
  /** What to mark within the words. */
  find?: string | undefined
  /** The words of this moment, set larger where there is no other place for them. */
  current?: boolean
}

/** One turn, set like a line of a play: the name in the margin, in its voice's colour. */
export function ScriptLine(props: ScriptLineProps) {
  const { speaker, text, pending, cut, time, find = '', current = false } = props
  const { t } = useTranslation('common')
  const name = speaker === 'learner' ? t('script.you') : t('script.tutor')
  const colour = speaker === 'learner' ? 'text-learner' : 'text-tutor'
  return (
    <li
      data-speaker={speaker}
      className="group flex flex-col gap-0.5 tablet:grid tablet:grid-cols-[4.5rem_1fr] tablet:gap-x-4"
    >
      <div className="flex items-baseline gap-2 relative tablet:justify-end tablet:pt-1">
        <span className={`text-small font-medium ${colour}`}>{name}</span>
        {time !== undefined && (
          <time className="text-small text-ink-soft tablet:absolute tablet:top-7 tablet:right-0 tablet:opacity-0 tablet:transition-opacity tablet:group-hover:opacity-100">
            {time}
          </time>
        )}
      </div>
      <p
        dir="auto"
        className={`font-said text-ink ${current ? 'text-voice desk:text-reading' : 'text-reading'}`}
      >
        {pending ? (
          <Pending name={t('script.pending')} />
        ) : (
          <span data-words>
            <Marked text={text} find={find} />
          </span>
        )}
        {cut && (
          <span className="ml-1.5 text-tutor" title={t('script.cut')}>
            <span aria-hidden="true" className="font-operated">
              {CUT_MARK}
            </span>
            <span className="sr-only">{t('script.cut')}</span>
          </span>
        )}
      </p>
    </li>
  )
}

const CUT_MARK = '⁄⁄'

function Pending({ name }: { name: string }) {
  return (
    <span className="inline-flex gap-1 align-middle" data-pending>
      <span className="sr-only">{name}</span>
      {[0, 1, 2].map((dot) => (
        <span
          key={dot}
          aria-hidden="true"
          className="size-1.5 animate-breathe rounded-full bg-current"
          style={{ animationDelay: `${dot * 0.25}s` }}
        />
      ))}
    </span>
  )
}

function Marked({ text, find }: { text: string; find: string }) {
  if (find === '') return text
  const pieces: { text: string; hit: boolean }[] = []
  const haystack = text.toLocaleLowerCase()
  const needle = find.toLocaleLowerCase()
  let from = 0
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, from)) {
    pieces.push({ text: text.slice(from, at), hit: false })
    pieces.push({ text: text.slice(at, at + needle.length), hit: true })
    from = at + needle.length
  }
  pieces.push({ text: text.slice(from), hit: false })
  return pieces.map((piece, index) =>
    piece.hit ? (
      <mark key={index} className="rounded-small bg-ink px-0.5 text-paper">
        {piece.text}
      </mark>
    ) : (
      piece.text
    ),
  )
}
