import i18n from 'i18next'
import { hideToast, showToast } from '@/components/ui/toast'
import { newVersion } from '@/lib/new-version'
import { startServiceWorker } from '@/lib/service-worker'

const TOAST = 'new-version'

/** Keeps the app on this device, and asks before a new version of it takes over. */
export async function startUpdates(): Promise<void> {
  newVersion.subscribe(() => {
    if (newVersion.snapshot()) offer()
    else hideToast(TOAST)
  })
  await startServiceWorker()
}

function offer(): void {
  showToast({
    id: TOAST,
    title: i18n.t('common:newVersion.title'),
    action: { label: i18n.t('common:newVersion.reload'), onPress: newVersion.accept },
    staysMs: 0,
  })
}
