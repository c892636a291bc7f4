import { memo, type ReactNode, type Ref } from 'react'
import { useTranslation } from 'react-i18next'
import { languageOf } from '@/lib/said/language'
import { SaidText } from './said-text'

/** One turn of a script. */
export interface ScriptTurn {
  id: string
  speaker: 'learner' | 'tutor'
  text: string
  /** The words are still to come. */
  pending: boolean
  /** The tutor stopped here because the learner spoke. */
  cut: boolean
  /** Shown on hover and to screen readers. */
  time?: string | undefined
  /** Typed words that nobody has read yet, with what to say of them. */
  unread?: string | undefined
}

interface ScriptLineProps extends ScriptTurn {
  /** What to mark within the words. */
  find?: string | undefined
  /** Its place among all lines, of which only those near the eye are on the page. */
  index: number
  count: number
  measure: Ref<HTMLLIElement>
  languages: readonly string[]
  /** The turn that somebody came to see. */
  isFound?: boolean | undefined
  /** What can be done with the turn: in sight when one turns to it, and always where nothing hovers. */
  tools?: ((turn: ScriptTurn) => ReactNode) | undefined
}

const onTurningTo =
  'tablet:opacity-0 tablet:transition-opacity tablet:group-focus-within:opacity-100 tablet:group-hover:opacity-100 tablet:[@media(hover:none)]:opacity-100 print:opacity-100'

/** One turn, set like a line of a play: the name in the margin, in its voice's colour. */
export const ScriptLine = memo(function ScriptLine(props: ScriptLineProps) {
  const { speaker, text, pending, cut, time, unread, index, count, measure, languages } = props
  const { isFound = false, tools } = props
  const { t } = useTranslation('common')
  const place = {
    ref: measure,
    'data-index': index,
    'aria-posinset': index + 1,
    'aria-setsize': count,
  }
  if (unread !== undefined) {
    return (
      <li {...place} className="tablet:pl-22">
        <p dir="auto" className="said text-said text-ink-soft">
          {text}
        </p>
        {unread !== '' && <p className="text-small text-ink-soft">{unread}</p>}
      </li>
    )
  }
  const name = speaker === 'learner' ? t('script.you') : t('script.tutor')
  const colour = speaker === 'learner' ? 'text-learner' : 'text-tutor'
  return (
    <li
      {...place}
      data-speaker={speaker}
      {...(isFound ? { 'data-found': true, tabIndex: -1 } : {})}
      className={`group relative flex flex-col gap-0.5 outline-offset-4 tablet:grid tablet:grid-cols-[4.5rem_1fr] tablet:gap-x-4 print:grid print:break-inside-avoid print:grid-cols-[4.5rem_1fr] print:gap-x-4 ${
        isFound
          ? 'before:absolute before:-inset-x-2 before:-inset-y-1.5 before:-z-1 before:rounded-small before:bg-sunken'
          : ''
      }`}
    >
      <div className="relative flex items-baseline gap-2 tablet:justify-end tablet:pt-1">
        <span className={`text-small font-medium ${colour}`}>{name}</span>
        {time !== undefined && (
          <time
            className={`text-small whitespace-nowrap text-ink-soft tablet:absolute tablet:top-7 tablet:right-0 ${onTurningTo}`}
          >
            {time}
          </time>
        )}
      </div>
      {tools !== undefined && (
        <div
          className={`absolute -top-3 -right-3 tablet:-top-1 tablet:-right-10 print:hidden ${onTurningTo}`}
        >
          {tools(props)}
        </div>
      )}
      <p dir="auto" lang={languageOf(text, languages)} className="said text-said text-ink">
        {pending ? (
          <Pending name={t('script.pending')} />
        ) : (
          <span data-words>
            <SaidText text={text} find={props.find} />
          </span>
        )}
        {cut && <CutMark name={t('script.cut')} />}
      </p>
    </li>
  )
})

const CUT_MARK = '⁄⁄'

/** Where the tutor stopped. Its own name must not tell the words' direction, nor the words its own. */
export function CutMark({ name }: { name: string }) {
  return (
    <span dir="ltr" data-cut className="mx-1 inline-block text-tutor" title={name}>
      <span aria-hidden="true" className="font-operated">
        {CUT_MARK}
      </span>
      <span className="sr-only">{name}</span>
    </span>
  )
}

/** As high as a line of words, so that the first ones come without a jump. */
export function Pending({ name }: { name: string }) {
  return (
    <span dir="ltr" className="inline-flex gap-1 align-middle" data-pending>
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
