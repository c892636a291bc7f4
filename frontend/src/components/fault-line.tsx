import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { wordsFor } from '@/lib/errors'

/** In place of a part of a page that could not be loaded. */
export function FaultLine({ fault, onRetry }: { fault: unknown; onRetry: () => void }) {
  const { t } = useTranslation('common')
  return (
    <div role="alert" className="flex flex-wrap items-center gap-3 text-base">
      <p>{wordsFor(fault)}</p>
      <Button weight="quiet" onClick={onRetry}>
        {t('retry')}
      </Button>
    </div>
  )
}
