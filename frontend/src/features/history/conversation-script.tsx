import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScriptTurn } from '@/components/script-line'
import { ScriptList } from '@/components/script-list'
import type { Turn } from '@/lib/api/models'
import type { Clock } from '@/lib/time'
import { SearchField } from './search-field'

interface ConversationScriptProps {
  turns: readonly Turn[]
  clock: Clock
  q: string
  turn: number | null
}

export function ConversationScript({ turns, clock, q }: ConversationScriptProps) {
  const { t } = useTranslation('history')
  const [find, setFind] = useState(q)
  const shown = useMemo<ScriptTurn[]>(
    () =>
      turns
        .filter(({ text, text_pending }) => text !== '' || text_pending)
        .map((turn) => ({
          id: turn.id,
          speaker: turn.speaker,
          text: turn.text,
          pending: turn.text === '',
          cut: turn.interrupted,
          time: clock.time(new Date(turn.started_at)),
        })),
    [turns, clock],
  )
  const places = find === '' ? 0 : shown.filter(({ text }) => has(text, find)).length
  if (shown.length === 0) return <p className="py-8 text-base text-ink-soft">{t('noTurns')}</p>
  return (
    <>
      <SearchField label={t('find.label')} value={find} onChange={setFind}>
        <span aria-live="polite" className="shrink-0 pr-3 text-small">
          {find !== '' && t('find.places', { count: places })}
        </span>
      </SearchField>
      <ScriptList turns={shown} find={find} />
    </>
  )
}

function has(text: string, find: string): boolean {
  return text.toLocaleLowerCase().includes(find.toLocaleLowerCase())
}
