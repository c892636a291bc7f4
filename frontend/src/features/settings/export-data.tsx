import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { download } from '@/lib/api/download'
import { wordsFor } from '@/lib/errors'
import { useLanguage } from '@/lib/i18n'
import { saveFile } from '@/lib/save-file'
import { useServices } from '@/lib/services'
import { useClock } from '@/lib/use-clock'
import { SettingRow } from './setting-row'

type State =
  | { status: 'idle' }
  | { status: 'loading'; bytes: number }
  | { status: 'done'; file: string }
  | { status: 'failed'; fault: string }

/** Everything in one ZIP. How large it will be nobody knows before it is written, so its growth is shown. */
export function ExportData() {
  const { t } = useTranslation(['settings', 'common'])
  const { config, auth } = useServices()
  const clock = useClock()
  const size = useSize()
  const [state, setState] = useState<State>({ status: 'idle' })
  const under = useRef<AbortController | null>(null)
  useEffect(() => () => under.current?.abort(), [])

  const start = async () => {
    const controller = new AbortController()
    under.current = controller
    setState({ status: 'loading', bytes: 0 })
    try {
      const zip = await download({
        url: `${config.apiUrl}/api/v1/my-data/export`,
        auth,
        onProgress: (bytes) => setState({ status: 'loading', bytes }),
        signal: controller.signal,
      })
      const file = `avaaz-${clock.dayOf(new Date())}.zip`
      saveFile(zip, file)
      setState({ status: 'done', file })
    } catch (cause) {
      setState(
        controller.signal.aborted
          ? { status: 'idle' }
          : { status: 'failed', fault: wordsFor(cause) },
      )
    }
  }
  const loading = state.status === 'loading'
  return (
    <SettingRow title={t('data.export.title')} hint={t('data.export.hint')}>
      <div className="flex flex-wrap items-center gap-3">
        <Button weight="quiet" disabled={loading} onClick={() => void start()}>
          <Icon name="save" className="size-5" />
          {t('data.export.action')}
        </Button>
        {loading && (
          <Button weight="quiet" onClick={() => under.current?.abort()}>
            {t('common:cancel')}
          </Button>
        )}
      </div>
      {loading && (
        <p className="text-small text-ink-soft tabular-nums">
          {t('data.export.progress', { size: size(state.bytes) })}
        </p>
      )}
      <p role="status" className="text-small text-ink-soft empty:hidden">
        {state.status === 'done' && t('data.export.done', { file: state.file })}
      </p>
      {state.status === 'failed' && (
        <p role="alert" className="text-small text-danger">
          {state.fault}
        </p>
      )}
    </SettingRow>
  )
}

/** Kilobytes up to a thousand of them, then megabytes. */
function useSize(): (bytes: number) => string {
  const language = useLanguage()
  return (bytes) => {
    const [value, unit] = bytes < 1e6 ? [bytes / 1e3, 'kilobyte'] : [bytes / 1e6, 'megabyte']
    return new Intl.NumberFormat(language, {
      style: 'unit',
      unit,
      maximumFractionDigits: 1,
    }).format(value)
  }
}
