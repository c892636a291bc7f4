import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Menu, MenuAction, MenuChoice, MenuLink, MenuRule } from '@/components/ui/menu'
import { wordsFor } from '@/lib/errors'
import { useInstall } from '@/lib/install'
import { useAuthState, useServices } from '@/lib/services'
import { setTheme, useTheme, type Theme } from '@/lib/theme'
import { AccountTrigger } from './account-button'

export interface AccountMenuProps {
  /** It was asked for before it was there. */
  opensAtOnce: boolean
  focusesAtOnce: boolean
}

/** Who one is here, the way to the settings, the theme, and the way out. */
export function AccountMenu({ opensAtOnce, focusesAtOnce }: AccountMenuProps) {
  const { t } = useTranslation('common')
  const { auth } = useServices()
  const state = useAuthState()
  const theme = useTheme()
  const install = useInstall()
  const [fault, setFault] = useState<string | null>(null)
  const themes = [
    { value: 'system', label: t('themes.system') },
    { value: 'light', label: t('themes.light') },
    { value: 'dark', label: t('themes.dark') },
  ]
  const signOut = () => {
    auth.signOut().catch((cause: unknown) => setFault(wordsFor(cause)))
  }
  const trigger = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (focusesAtOnce) trigger.current?.focus()
  }, [focusesAtOnce])
  return (
    <>
      <Menu trigger={<AccountTrigger ref={trigger} />} opensAtOnce={opensAtOnce}>
        {'user' in state && (
          <p className="truncate px-3 pt-2 pb-1 font-medium">{state.user.display_name}</p>
        )}
        <MenuLink to="/settings">{t('nav.settings')}</MenuLink>
        <MenuRule />
        <MenuChoice
          label={t('theme')}
          value={theme}
          options={themes}
          onChoose={(chosen) => setTheme(chosen as Theme)}
        />
        <MenuRule />
        {install !== null && <MenuAction onPress={install}>{t('install')}</MenuAction>}
        <MenuAction onPress={signOut}>{t('signOut')}</MenuAction>
      </Menu>
      {fault !== null && (
        <p role="alert" className="text-small text-danger">
          {fault}
        </p>
      )}
    </>
  )
}
