import {
  useEffect,
  useEffectEvent,
  useRef,
  useState,
  type ComponentProps,
  type ComponentType,
} from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'
import type { AccountMenuProps } from './account-menu'

/** What opens the account's menu. */
export function AccountTrigger(props: ComponentProps<'button'>) {
  const { t } = useTranslation('common')
  return (
    <button
      type="button"
      {...props}
      aria-label={t('account')}
      aria-haspopup="menu"
      className="flex size-11 items-center justify-center rounded-full text-ink-soft hover:bg-sunken hover:text-ink"
    >
      <Icon name="person" />
    </button>
  )
}

/**
 * The account's menu, without its code as long as a page is being drawn: that comes when the page rests, or with the
 * press on its button.
 */
export function AccountButton() {
  const button = useRef<HTMLButtonElement>(null)
  const pressed = useRef(false)
  const [loaded, setLoaded] = useState<{
    Menu: ComponentType<AccountMenuProps>
    opens: boolean
    focuses: boolean
  } | null>(null)

  const load = async () => {
    const { AccountMenu } = await import('./account-menu')
    const focuses = document.activeElement === button.current
    setLoaded((before) => before ?? { Menu: AccountMenu, opens: pressed.current, focuses })
  }
  const loadQuietly = () => void load().catch(() => undefined)
  const onRest = useEffectEvent(loadQuietly)
  useEffect(() => {
    const timer = setTimeout(() => onRest(), RESTS_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])

  if (loaded !== null) {
    return <loaded.Menu opensAtOnce={loaded.opens} focusesAtOnce={loaded.focuses} />
  }
  return (
    <AccountTrigger
      ref={button}
      onPointerEnter={loadQuietly}
      onClick={() => {
        pressed.current = true
        loadQuietly()
      }}
    />
  )
}

const RESTS_AFTER_MS = 2_000
