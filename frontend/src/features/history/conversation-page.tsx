import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { Notice } from '@/components/notice'
import type { ScriptTurn } from '@/components/script-line'
import { ScriptList } from '@/components/script-list'
import { Button, buttonLook } from '@/components/ui/button'
import { Dialog, DialogNote } from '@/components/ui/dialog'
import { Icon } from '@/components/ui/icon'
import { orThrow } from '@/lib/api/client'
import type { Conversation } from '@/lib/api/models'
import { asApiError } from '@/lib/api/problem'
import { useDocumentTitle } from '@/lib/document-title'
import { wordsFor } from '@/lib/errors'
import { useTranslation } from 'react-i18next'
import { useServices } from '@/lib/services'
import { wholeMinutes } from '@/lib/time'
import { conversationQuery } from './history-queries'

export function ConversationPage({ id }: { id: string }) {
  const { t } = useTranslation(['history', 'common'])
  useDocumentTitle(t('title'))
  const { api } = useServices()
  const query = useQuery(conversationQuery(api, id))
  return (
    <main id="content" className="mx-auto w-full max-w-176 flex-1 px-4 pt-4 pb-16 tablet:px-8">
      <Link
        to="/history"
        className="-ml-2 inline-flex min-h-11 items-center gap-1 text-base text-ink-soft hover:text-ink"
      >
        <Icon name="back" className="size-5" />
        {t('title')}
      </Link>
      {query.isPending && <Skeleton name={t('common:loading')} />}
      {query.isError &&
        (asApiError(query.error).code === 'not_found' ? (
          <Notice title={t('missing')}>
            <Link to="/history" className={buttonLook()}>
              {t('title')}
            </Link>
          </Notice>
        ) : (
          <Notice title={t('failed')} hint={wordsFor(query.error)} urgent>
            <Button onClick={() => void query.refetch()}>{t('common:retry')}</Button>
          </Notice>
        ))}
      {query.isSuccess && <Script conversation={query.data} />}
    </main>
  )
}

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' })
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })

function Script({ conversation }: { conversation: Conversation }) {
  const { t } = useTranslation(['history', 'common'])
  const [find, setFind] = useState('')
  const started = new Date(conversation.started_at)
  const ended = conversation.ended_at == null ? null : new Date(conversation.ended_at)
  const turns = useMemo(
    () => conversation.turns.filter(({ text, text_pending }) => text !== '' || text_pending),
    [conversation],
  )
  const script = useMemo<ScriptTurn[]>(
    () =>
      turns.map((turn) => ({
        id: turn.id,
        speaker: turn.speaker,
        text: turn.text,
        pending: turn.text === '',
        cut: turn.interrupted,
        time: timeFormat.format(new Date(turn.started_at)),
      })),
    [turns],
  )
  const places = find === '' ? 0 : turns.filter(({ text }) => has(text, find)).length
  return (
    <article className="flex flex-col gap-6 pt-2">
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div>
          <h1 className="font-said text-title">{dateFormat.format(started)}</h1>
          <p className="flex gap-2 text-base text-ink-soft">
            <span>{timeFormat.format(started)}</span>
            <span aria-hidden="true">{'·'}</span>
            <span>
              {ended === null
                ? t('open')
                : t('minutes', { count: wholeMinutes(ended.getTime() - started.getTime()) })}
            </span>
            <span aria-hidden="true">{'·'}</span>
            <span>{t('turns', { count: turns.length })}</span>
          </p>
        </div>
        <Removal id={conversation.id} />
      </header>
      {turns.length === 0 ? (
        <p className="py-8 text-base text-ink-soft">{t('noTurns')}</p>
      ) : (
        <>
          <label className="flex min-h-11 items-center gap-2 rounded-full border border-edge bg-raised px-4 text-ink-soft outline-offset-3 outline-ink has-focus-visible:outline-2">
            <Icon name="search" className="size-5" />
            <span className="sr-only">{t('search')}</span>
            <input
              type="search"
              value={find}
              placeholder={t('search')}
              className="min-w-0 flex-1 bg-transparent text-base text-ink outline-none placeholder:text-ink-soft"
              onChange={(event) => setFind(event.target.value)}
            />
            <span aria-live="polite" className="shrink-0 text-small">
              {find !== '' && t('found', { count: places })}
            </span>
          </label>
          <ScriptList turns={script} find={find} />
        </>
      )}
    </article>
  )
}

function has(text: string, find: string): boolean {
  return text.toLocaleLowerCase().includes(find.toLocaleLowerCase())
}

function Removal({ id }: { id: string }) {
  const { t } = useTranslation(['history', 'common'])
  const { api } = useServices()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [asked, setAsked] = useState(false)
  const removal = useMutation({
    mutationFn: () => orThrow(api.DELETE('/conversations/{id}', { params: { path: { id } } })),
    onSuccess: async () => {
      queries.removeQueries({ queryKey: ['conversations', id] })
      await navigate({ to: '/history' })
      await queries.invalidateQueries({ queryKey: ['conversations'], exact: true })
    },
  })
  return (
    <>
      <Button weight="quiet" onClick={() => setAsked(true)}>
        <Icon name="bin" className="size-5" />
        {t('remove')}
      </Button>
      <Dialog open={asked} onOpenChange={setAsked} title={t('removeTitle')}>
        <DialogNote>{t('removeHint')}</DialogNote>
        {removal.isError && (
          <p role="alert" className="text-base text-danger">
            {wordsFor(removal.error)}
          </p>
        )}
        <div className="flex flex-wrap justify-end gap-3 pt-2">
          <Button weight="quiet" onClick={() => setAsked(false)}>
            {t('common:cancel')}
          </Button>
          <Button weight="danger" disabled={removal.isPending} onClick={() => removal.mutate()}>
            {removal.isPending ? t('removing') : t('remove')}
          </Button>
        </div>
      </Dialog>
    </>
  )
}

function Skeleton({ name }: { name: string }) {
  return (
    <div className="flex flex-col gap-5 pt-4" role="status" aria-label={name}>
      {[3, 2, 4, 2].map((width, row) => (
        <div
          key={row}
          className="h-14 animate-breathe rounded-small bg-sunken"
          style={{ width: `${width * 22}%` }}
        />
      ))}
    </div>
  )
}
