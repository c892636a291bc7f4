import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection } from '@/lib/connection'

const BACK_STAYS_MS = 4_000

/** One line while the server cannot be reached, and for a moment once it can again. */
export function ConnectionLine() {
  const { t } = useTranslation('common')
  const connection = useConnection()
  const [wasLost, setWasLost] = useState(false)
  if (connection !== 'up' && !wasLost) setWasLost(true)
  useEffect(() => {
    if (connection !== 'up' || !wasLost) return
    const timer = setTimeout(() => setWasLost(false), BACK_STAYS_MS)
    return () => clearTimeout(timer)
  }, [connection, wasLost])
  const words = {
    up: wasLost ? t('connection.back') : null,
    offline: t('connection.offline'),
    away: t('connection.away'),
  }[connection]
  return (
    <div role="status" data-connection={connection}>
      {words !== null && (
        <p className="border-b border-line bg-sunken px-5 py-2 text-center text-small text-ink-soft">
          {words}
        </p>
      )}
    </div>
  )
}
