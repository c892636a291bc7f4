import { useTranslation } from 'react-i18next'
import { ChoiceCards } from '@/components/ui/choice-cards'
import { Switch } from '@/components/ui/switch'
import { CAPTION_SIZES, setPreference, usePreference } from '@/lib/preferences'
import { SettingRow } from './setting-row'

/** The size of the words one reads while talking, with a line of them as they will be. */
export function CaptionChoice() {
  const { t } = useTranslation(['settings', 'common'])
  const size = usePreference('captionSize')
  const isShown = usePreference('showCaptions')
  return (
    <SettingRow title={t('common:captions.title')} hint={t('captions.hint')}>
      {(ids) => (
        <>
          <Switch
            label={t('common:captions.show')}
            checked={isShown}
            onChange={(shown) => setPreference('showCaptions', shown)}
          />
          <ChoiceCards
            {...ids}
            columns
            value={size}
            onChoose={(chosen) => setPreference('captionSize', chosen)}
            choices={CAPTION_SIZES.map((value) => ({
              value,
              label: t(`common:captions.sizes.${value}`),
            }))}
          />
          <div data-caption-size={size} className="flex min-h-28 items-center">
            <p className="said border-s-2 border-tutor ps-3 text-caption">
              {t('captions.example')}
            </p>
          </div>
        </>
      )}
    </SettingRow>
  )
}
