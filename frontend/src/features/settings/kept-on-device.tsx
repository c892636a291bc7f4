import { useTranslation } from 'react-i18next'
import { Switch } from '@/components/ui/switch'
import { setPreference, usePreference } from '@/lib/preferences'
import { SettingRow } from './setting-row'

/** Whether the last conversations stay on this device; switched off, they leave it at once. */
export function KeptOnDevice() {
  const { t } = useTranslation('settings')
  const keeps = usePreference('keepConversations')
  return (
    <SettingRow title={t('data.device.title')}>
      <Switch
        label={t('data.device.label')}
        hint={t('data.device.hint')}
        checked={keeps}
        onChange={(wanted) => setPreference('keepConversations', wanted)}
      />
    </SettingRow>
  )
}
