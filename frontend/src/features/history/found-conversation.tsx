import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Mark } from '@/components/marked-text'
import type { FoundTurn } from '@/lib/api/models'
import { useClock } from '@/lib/use-clock'
import { excerpt } from './excerpt'
import { focusOnHit } from './search-results'

interface FoundConversationProps {
  id: string
  turns: readonly FoundTurn[]
  q: string
}

/** The places in one conversation where it was said, each a way to its turn. */
export function FoundConversation({ id, turns, q }: FoundConversationProps) {
  const clock = useClock()
  const [first] = turns
  if (first === undefined) return null
  return (
    <section aria-labelledby={`found-${id}`} className="pt-6">
      <h2
        id={`found-${id}`}
        className="border-b border-line pb-2 text-small font-medium text-ink-soft first-letter:uppercase"
      >
        {clock.day(new Date(first.started_at), new Date())}
      </h2>
      <ul>
        {turns.map((turn) => (
          <li key={turn.id} className="border-b border-line py-1">
            <Hit {...{ id, turn, q }} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Hit({ id, turn, q }: { id: string; turn: FoundTurn; q: string }) {
  const { t } = useTranslation('common')
  const clock = useClock()
  const name = turn.speaker === 'learner' ? t('script.you') : t('script.tutor')
  const colour = turn.speaker === 'learner' ? 'text-learner' : 'text-tutor'
  return (
    <Link
      to="/history/$conversationId"
      params={{ conversationId: id }}
      search={{ turn: turn.seq, q }}
      data-hit
      className="group -mx-2 flex flex-col gap-0.5 rounded-small p-2 tablet:grid tablet:grid-cols-[4.5rem_1fr] tablet:gap-x-4"
      onKeyDown={focusOnHit}
    >
      <span className="flex items-baseline gap-2 text-small tablet:flex-col tablet:items-end tablet:gap-0 tablet:pt-1">
        <span className={`font-medium ${colour}`}>{name}</span>
        <time dateTime={turn.started_at} className="text-ink-soft">
          {clock.time(new Date(turn.started_at))}
        </time>
      </span>
      <span dir="auto" className="font-said text-reading">
        {excerpt(turn.text, q).map(({ text, hit }, index) =>
          hit ? <Mark key={index}>{text}</Mark> : text,
        )}
      </span>
    </Link>
  )
}
