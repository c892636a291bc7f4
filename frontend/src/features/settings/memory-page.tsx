import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Notice } from '@/components/notice'
import { MoreBelow } from '@/components/more-below'
import { Button, buttonLook } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import type { Memory } from '@/lib/api/models'
import { wordsFor } from '@/lib/errors'
import { neighbourOf } from '@/lib/neighbour'
import { useServices } from '@/lib/services'
import { useClock } from '@/lib/use-clock'
import { ForgetDialog } from './forget-dialog'
import { memoriesQuery } from './memory-queries'
import { Skeleton } from './session-page'
import { SettingsPage } from './settings-page'

/** What the tutor remembers of the learner, who may take any of it away. */
export function MemoryPage() {
  const { t } = useTranslation(['settings', 'common'])
  const { api } = useServices()
  const query = useInfiniteQuery(memoriesQuery(api))
  const [asked, setAsked] = useState<Memory | null>(null)
  const memories = query.data?.pages.flatMap(({ items }) => items) ?? []
  const words = useWords()
  const beside = (gone: Memory | null) => {
    const next = gone === null ? null : neighbourOf(memories, gone)
    return document.getElementById(next === null ? 'content' : forgetButton(next))
  }
  return (
    <SettingsPage section="memory">
      <p className="pb-4 text-base text-ink-soft">{t('memory.hint')}</p>
      {query.isPending && <Skeleton name={t('common:loading')} heights={[18, 18, 18]} />}
      {query.isError && memories.length === 0 && (
        <Notice title={t('memory.failed')} hint={wordsFor(query.error)} urgent>
          <Button onClick={() => void query.refetch()}>{t('common:retry')}</Button>
        </Notice>
      )}
      {query.isSuccess && memories.length === 0 && !query.hasNextPage && (
        <Notice title={t('memory.empty')} hint={t('memory.emptyHint')}>
          <Link to="/" className={buttonLook()}>
            {t('memory.emptyAction')}
          </Link>
        </Notice>
      )}
      <ul className="flex flex-col gap-2">
        {memories.map((memory) => (
          <Row key={memory.id} memory={memory} onForget={() => setAsked(memory)} />
        ))}
      </ul>
      {query.hasNextPage && (
        <MoreBelow
          label={t('memory.more')}
          busy={query.isFetchingNextPage}
          fault={query.isFetchNextPageError ? wordsFor(query.error) : null}
          onMore={() => void query.fetchNextPage()}
        />
      )}
      <ForgetDialog
        memory={asked}
        words={asked === null ? '' : words(asked)}
        focusAfter={() => beside(asked)}
        onClose={() => setAsked(null)}
      />
    </SettingsPage>
  )
}

const forgetButton = ({ id }: Memory) => `forget-${id}`

function useWords(): (memory: Memory) => string {
  const { t } = useTranslation('settings')
  return ({ text }) => (text === '' ? t('memory.unreadable') : text)
}

function Row({ memory, onForget }: { memory: Memory; onForget: () => void }) {
  const { t } = useTranslation('settings')
  const clock = useClock()
  const words = useWords()(memory)
  return (
    <li className="flex items-center gap-2 rounded-field border border-line bg-raised py-2.5 pr-1 pl-5">
      <div className="min-w-0 flex-1">
        <p dir="auto" className="font-said text-reading">
          {words}
        </p>
        <p className="flex flex-wrap gap-x-2 text-small text-ink-soft">
          <span>{t(`memory.kinds.${memory.kind}`)}</span>
          <span aria-hidden="true">{'·'}</span>
          <time dateTime={memory.confirmed_at}>{clock.date(new Date(memory.confirmed_at))}</time>
        </p>
      </div>
      <button
        id={forgetButton(memory)}
        type="button"
        aria-label={t('memory.forgetThis', { words })}
        className="flex size-11 shrink-0 items-center justify-center rounded-full text-ink-soft hover:bg-sunken hover:text-danger"
        onClick={onForget}
      >
        <Icon name="bin" className="size-5" />
      </button>
    </li>
  )
}
