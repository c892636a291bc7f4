import { useId, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'
import { wordsFor } from '@/lib/errors'
import type { ApiError } from '@/lib/api/problem'
import type { Setting } from './use-setting'

interface SettingRowProps {
  /** Left out where the control brings its own label. */
  title?: string
  hint?: string | undefined
  /** What saves this; left out where nothing is saved on the server. */
  setting?: Pick<Setting<unknown>, 'isSaved' | 'fault' | 'retry'>
  children: ReactNode | ((ids: RowIds) => ReactNode)
}

interface RowIds {
  labelledBy: string
  describedBy: string | undefined
}

/** One setting with its name, what it means, and beside it whether it was saved. */
export function SettingRow({ title, hint, setting, children }: SettingRowProps) {
  const id = useId()
  const ids = { labelledBy: id, describedBy: hint === undefined ? undefined : `${id}-hint` }
  return (
    <section
      className="relative flex flex-col gap-3 py-5"
      aria-labelledby={title === undefined ? undefined : id}
    >
      {title !== undefined && (
        <div className="flex flex-col gap-1">
          <h2 id={id} className="pr-24 text-base font-medium">
            {title}
          </h2>
          {hint !== undefined && (
            <p id={ids.describedBy} className="text-small text-ink-soft">
              {hint}
            </p>
          )}
        </div>
      )}
      {typeof children === 'function' ? children(ids) : children}
      {setting !== undefined && <Outcome {...setting} />}
    </section>
  )
}

function Outcome({ isSaved, fault, retry }: Pick<Setting<unknown>, 'isSaved' | 'fault' | 'retry'>) {
  const { t } = useTranslation(['settings', 'common'])
  const faultWords = useFaultWords()
  return (
    <>
      <p
        role="status"
        className="absolute top-5 right-0 flex items-center gap-1 text-small text-ink-soft"
      >
        {isSaved && (
          <>
            <Icon name="check" className="size-4" />
            {t('saved')}
          </>
        )}
      </p>
      {fault !== null && (
        <div role="alert" className="flex flex-wrap items-center gap-x-3 text-small text-danger">
          <p>{faultWords(fault)}</p>
          {fault.code !== 'validation_failed' && (
            <button
              type="button"
              className="min-h-11 font-medium text-ink underline underline-offset-4"
              onClick={retry}
            >
              {t('common:retry')}
            </button>
          )}
        </div>
      )}
    </>
  )
}

/** Words for a refusal: those for what is wrong with the field, where the API says so. */
function useFaultWords(): (fault: ApiError) => string {
  const { t } = useTranslation('settings')
  return (fault) => {
    const known = t('invalid', { returnObjects: true }) as Record<string, string>
    return known[fault.fields[0]?.code ?? ''] ?? wordsFor(fault)
  }
}
