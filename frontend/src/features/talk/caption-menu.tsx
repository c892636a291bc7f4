import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'
import { Menu, MenuChoice, MenuRule, MenuSwitch } from '@/components/ui/menu'
import { CAPTION_SIZES, setPreference, usePreference, type Preferences } from '@/lib/preferences'

/** How the words are shown, one press away from them. */
export function CaptionMenu() {
  const { t } = useTranslation('common')
  const size = usePreference('captionSize')
  const isShown = usePreference('showCaptions')
  const sizes = CAPTION_SIZES.map((value) => ({ value, label: t(`captions.sizes.${value}`) }))
  const trigger = (
    <button
      type="button"
      aria-label={t('captions.title')}
      className="flex size-11 items-center justify-center rounded-full text-ink-soft hover:bg-sunken hover:text-ink"
    >
      <Icon name="letters" className="size-5" />
    </button>
  )
  return (
    <Menu trigger={trigger}>
      <MenuChoice
        label={t('captions.size')}
        value={size}
        options={sizes}
        onChoose={(chosen) => setPreference('captionSize', chosen as Preferences['captionSize'])}
      />
      <MenuRule />
      <MenuSwitch isOn={isShown} onChange={(on) => setPreference('showCaptions', on)}>
        {t('captions.show')}
      </MenuSwitch>
    </Menu>
  )
}
