// Load.java: a load for a broker: java -cp 'LIBS/*' Load.java ADDRESS:PORT THREADS RECORDS BYTES
// Each thread has a producer and a consumer; RECORDS are sent in all, each BYTES long, and read again. Prints how many were
// sent, how many were read, and how many requests the clients themselves counted.
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.serialization.*;

public class Load {
    static final AtomicLong sent = new AtomicLong(), read = new AtomicLong(), requests = new AtomicLong();

    static Properties properties(String at, String... more) {
        Properties p = new Properties();
        p.put("bootstrap.servers", at);
        p.put("enable.metrics.push", "false");
        for (int i = 0; i < more.length; i += 2) p.put(more[i], more[i + 1]);
        return p;
    }

    static void count(Map<MetricName, ? extends Metric> metrics) {
        for (var m : metrics.entrySet())
            if (m.getKey().name().equals("request-total") && !m.getKey().group().contains("node"))
                requests.addAndGet(((Double) m.getValue().metricValue()).longValue());
    }

    // Records go out one by one when they are small, and are read as they come.
    static void produce(String at, int partition, long records, int bytes) {
        byte[] value = new byte[bytes];
        new Random(partition).nextBytes(value);
        var p = new KafkaProducer<byte[], byte[]>(properties(at, "client.id", "producer-" + partition, "linger.ms", "0", "batch.size",
            bytes < 1000 ? "1" : "300000", "acks", "1", "enable.idempotence", "false"), new ByteArraySerializer(), new ByteArraySerializer());
        for (long i = 0; i < records; i++)
            p.send(new ProducerRecord<>("load", partition, null, value), (m, e) -> { if (e == null) sent.incrementAndGet(); });
        p.flush();
        count(p.metrics());
    }

    static void consume(String at, int partition, long records) {
        var c = new KafkaConsumer<byte[], byte[]>(properties(at, "client.id", "consumer-" + partition, "auto.offset.reset", "earliest",
            "fetch.max.wait.ms", "50"), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        c.assign(List.of(new TopicPartition("load", partition)));
        for (long n = 0; n < records;) {
            int got = c.poll(Duration.ofMillis(200)).count();
            n += got;
            read.addAndGet(got);
        }
        count(c.metrics());
    }

    public static void main(String[] args) throws Exception {
        String at = args[0];
        int threads = Integer.parseInt(args[1]), bytes = Integer.parseInt(args[3]);
        long each = Long.parseLong(args[2]) / threads;
        Admin a = Admin.create(properties(at, "client.id", "maker"));
        a.createTopics(List.of(new NewTopic("load", threads, (short) 1).configs(Map.of("max.message.bytes", "2000000")))).all().get();
        ExecutorService pool = Executors.newCachedThreadPool();
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int partition = i;
            all.add(pool.submit(() -> produce(at, partition, each, bytes)));
            all.add(pool.submit(() -> consume(at, partition, each)));
        }
        for (Future<?> f : all) f.get();
        count(a.metrics());
        System.out.println(sent + " " + read + " " + requests);
        System.out.flush();
        Runtime.getRuntime().halt(0); // closing would send more
    }
}
