import { queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { FaultLine } from '@/components/fault-line'
import { orThrow, type Api } from '@/lib/api/client'
import type { KeptData as Kept } from '@/lib/api/models'
import { useLanguage } from '@/lib/i18n'
import { useServices } from '@/lib/services'
import { useClock } from '@/lib/use-clock'
import { SettingRow } from './setting-row'

const keptQuery = (api: Api) =>
  queryOptions({
    queryKey: ['my-data'],
    queryFn: () => orThrow(api.GET('/api/v1/my-data')),
  })

/** How many kinds there are: the size of what is waited for. */
const KINDS = 11
const ROW =
  'grid min-h-14 grid-cols-[minmax(0,1fr)_auto] content-center items-baseline gap-x-3 gap-y-0.5 border-b border-line py-2 last:border-0'

/** How much is kept of each kind, since when, and for how long. */
export function KeptData() {
  const { t } = useTranslation(['settings', 'common'])
  const { api } = useServices()
  const query = useQuery(keptQuery(api))
  return (
    <SettingRow title={t('data.kept.title')} hint={t('data.kept.hint')}>
      {query.isPending && (
        <div role="status" aria-label={t('common:loading')} className="animate-breathe">
          {Array.from({ length: KINDS }, (_, row) => (
            <div key={row} className={ROW}>
              <div className="h-4 w-2/3 rounded-small bg-sunken" />
            </div>
          ))}
        </div>
      )}
      {query.isError && <FaultLine fault={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && (
        <dl>
          {query.data.items.map((kept) => (
            <Row key={kept.kind} kept={kept} />
          ))}
        </dl>
      )}
    </SettingRow>
  )
}

/** Where one sees what is counted, and takes single things away. */
const PLACES = {
  conversations: '/history',
  memories: '/settings/memory',
  sessions: '/settings/learning',
  account: '/settings/account',
} as const satisfies Partial<Record<Kept['kind'], string>>

function Row({ kept }: { kept: Kept }) {
  const { t } = useTranslation('settings')
  const number = new Intl.NumberFormat(useLanguage())
  const clock = useClock()
  const { kind, count, oldest_at, retention_days } = kept
  const name = t(`data.kinds.${kind}`)
  const place = kind in PLACES ? PLACES[kind as keyof typeof PLACES] : null
  return (
    <div className={ROW}>
      <dt className="text-base">
        {place === null ? (
          name
        ) : (
          <Link
            to={place}
            className="underline decoration-line underline-offset-4 hover:decoration-ink"
          >
            {name}
          </Link>
        )}
      </dt>
      <dd className="text-base tabular-nums">{number.format(count)}</dd>
      {(oldest_at !== null || retention_days !== null) && (
        <dd className="col-span-2 flex flex-wrap gap-x-3 text-small text-ink-soft">
          {oldest_at !== null && (
            <span>{t('data.since', { day: clock.date(new Date(oldest_at)) })}</span>
          )}
          {retention_days !== null && (
            <span>{t('data.erasedAfter', { count: retention_days })}</span>
          )}
        </dd>
      )}
    </div>
  )
}
