import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Combobox, type ComboboxItem } from '@/components/ui/combobox'
import type { User } from '@/lib/api/models'
import { deviceTimeZone, findTimeZones, timeZone, timeZones, type TimeZone } from '@/lib/time-zones'
import { useAccountSetting } from './learner-settings'
import { SettingRow } from './setting-row'

/** Where days begin and end; the device's own zone is one press away when it is another. */
export function TimeZoneChoice({ user }: { user: User }) {
  const { t } = useTranslation('settings')
  const setting = useAccountSetting(user, 'time_zone')
  const all = useMemo(() => timeZones(), [])
  const here = deviceTimeZone()
  return (
    <SettingRow setting={setting}>
      <Combobox
        label={t('timeZone.title')}
        hint={t('timeZone.hint')}
        value={itemOf(timeZone(setting.value))}
        find={(query) => findTimeZones(all, query).map(itemOf)}
        onChoose={setting.change}
        searchLabel={t('timeZone.search')}
        nothingFound={t('timeZone.nothing')}
      />
      {here !== setting.value && (
        <Button weight="quiet" className="self-start" onClick={() => setting.change(here)}>
          {t('timeZone.here', { city: timeZone(here).city })}
        </Button>
      )}
    </SettingRow>
  )
}

function itemOf({ id, city, region }: TimeZone): ComboboxItem {
  return { value: id, label: city, ...(region === '' ? {} : { note: region }) }
}
